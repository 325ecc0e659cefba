//! FLAC, written while its samples come (RFC 9639): 16 bit, mono, blocks of 4,096 samples.
//!
//! 1. how many samples there will be is told where it is known, and otherwise left open, as the format allows; the
//!    digest of all samples, which would have to stand at the beginning, is left out;
//! 2. every block stands for itself, so that a player begins with the first one;
//! 3. the last block has what is left.

use bytes::Bytes;
use flacenc::{
    bitsink::ByteSink,
    component::{BitRepr, StreamInfo},
    config,
    error::{Verified, Verify},
    source::{Fill, FrameBuf},
};

use super::{AudioError, RATE};

/// Samples of a block.
const BLOCK: usize = 4096;

/// A file that is written while its samples come.
pub(super) struct Stream {
    config: Verified<config::Encoder>,
    info: StreamInfo,
    blocks: usize,
    /// The samples that came last and fill no block.
    rest: Vec<i32>,
    out: Vec<u8>,
}

impl Stream {
    /// Begins a file of so many samples, if that is known.
    pub(super) fn begin(samples: Option<u64>) -> Result<Self, AudioError> {
        let config = config::Encoder::default().into_verified().map_err(|_| AudioError::Codec)?;
        let mut info = StreamInfo::new(RATE as usize, 1, 16).map_err(|_| AudioError::Codec)?;
        info.set_block_sizes(BLOCK, BLOCK).map_err(|_| AudioError::Codec)?;
        info.set_frame_sizes(0, 0).map_err(|_| AudioError::Codec)?;
        info.set_total_samples(samples.and_then(|samples| usize::try_from(samples).ok()).unwrap_or(0));
        let mut out = b"fLaC".to_vec();
        // The only block of what is told of the file, the last therefore, and of 34 bytes.
        out.extend([0x80, 0, 0, 34]);
        out.extend(bits(&info)?);
        Ok(Self { config, info, blocks: 0, rest: Vec::new(), out })
    }

    /// Goes on with `samples`.
    pub(super) fn push(&mut self, samples: &[i16]) -> Result<(), AudioError> {
        let mut waiting = std::mem::take(&mut self.rest);
        waiting.extend(samples.iter().map(|&sample| i32::from(sample)));
        let (blocks, rest) = waiting.as_chunks::<BLOCK>();
        blocks.iter().try_for_each(|block| self.block(block))?;
        self.rest = rest.to_vec();
        Ok(())
    }

    /// What was written since this was last called.
    pub(super) fn written(&mut self) -> Bytes {
        std::mem::take(&mut self.out).into()
    }

    /// Ends the file; what was not yet taken of it.
    pub(super) fn end(mut self) -> Result<Bytes, AudioError> {
        let rest = std::mem::take(&mut self.rest);
        if !rest.is_empty() {
            self.block(&rest)?;
        }
        Ok(self.written())
    }

    fn block(&mut self, samples: &[i32]) -> Result<(), AudioError> {
        // As long as a whole block, however little it holds.
        let mut buffer = FrameBuf::with_size(1, BLOCK).map_err(|_| AudioError::Codec)?;
        buffer.fill_interleaved(samples).map_err(|_| AudioError::Codec)?;
        let block = flacenc::encode_fixed_size_frame(&self.config, &buffer, self.blocks, &self.info)
            .map_err(|_| AudioError::Codec)?;
        self.blocks += 1;
        self.out.extend(bits(&block)?);
        Ok(())
    }
}

/// A part of the file as it is written.
fn bits(part: &impl BitRepr) -> Result<Vec<u8>, AudioError> {
    let mut sink = ByteSink::with_capacity(part.count_bits());
    part.write(&mut sink).map_err(|_| AudioError::Codec)?;
    Ok(sink.into_inner())
}
