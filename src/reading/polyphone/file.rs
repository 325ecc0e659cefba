//! How the learned file is laid out: numbers one after another, the least byte first.
//!
//! ```text
//! "polyphones 2\n"
//! trust       4 f32: near, far, phrase, long phrase
//! syllables   u32 count; each a u8 length and so many letters (`chong2`)
//! characters  u32 count; each u32 character, u32 count of readings, each u16 syllable and
//!             u16 class of the network + 1 (0: the network never saw it)
//! network     vocabulary: u32 count, so many u32 characters in order
//!             embeddings: a matrix; its last three rows are the unknown, the beginning, the end
//!             forward, then backward: input matrix, recurrent matrix, bias
//!             inner layer: matrix, bias; outer layer: matrix, bias
//! weights     u32 count; so many u32 keys in order, u8 choices, i8 weights
//!
//! matrix      u32 rows, u32 columns, rows f32 scales, rows × columns i8
//! bias        u32 count, so many f32
//! ```

/// What is left to read.
pub(super) struct File(&'static [u8]);

/// A matrix in bytes; row `i` is `scales[i]` times its numbers.
#[derive(Debug, Default)]
pub(super) struct Matrix {
    pub columns: usize,
    pub scales: Vec<f32>,
    pub numbers: Vec<i8>,
}

impl Matrix {
    /// Row `at` with its scale.
    pub fn row(&self, at: usize) -> Option<(f32, &[i8])> {
        let start = at.checked_mul(self.columns)?;
        Some((*self.scales.get(at)?, self.numbers.get(start..start + self.columns)?))
    }

    /// The product of row `at` with `vector`; 0 if there is no such row.
    pub fn times(&self, at: usize, vector: &[f32]) -> f32 {
        self.row(at).map_or(0.0, |(scale, row)| {
            scale * row.iter().zip(vector).map(|(&a, &b)| f32::from(a) * b).sum::<f32>()
        })
    }
}

impl File {
    pub fn new(bytes: &'static [u8]) -> Self {
        Self(bytes)
    }

    /// Whether nothing is left.
    pub fn is_at_end(&self) -> bool {
        self.0.is_empty()
    }

    /// The next `count` bytes.
    pub fn bytes(&mut self, count: usize) -> Option<&'static [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// Goes past the first line.
    pub fn magic(&mut self, magic: &[u8]) -> Option<()> {
        (self.bytes(magic.len())? == magic).then_some(())
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn f32(&mut self) -> Option<f32> {
        self.array().map(f32::from_le_bytes)
    }

    /// A count of things that follow.
    pub fn count(&mut self) -> Option<usize> {
        usize::try_from(self.u32()?).ok()
    }

    /// Letters after their number.
    pub fn word(&mut self) -> Option<&'static str> {
        let [length] = self.array()?;
        std::str::from_utf8(self.bytes(usize::from(length))?).ok()
    }

    pub fn floats(&mut self, count: usize) -> Option<Vec<f32>> {
        let bytes = self.bytes(count.checked_mul(4)?)?;
        let (numbers, _) = bytes.as_chunks();
        Some(numbers.iter().map(|&number| f32::from_le_bytes(number)).collect())
    }

    pub fn bias(&mut self) -> Option<Vec<f32>> {
        let count = self.count()?;
        self.floats(count)
    }

    pub fn matrix(&mut self) -> Option<Matrix> {
        let (rows, columns) = (self.count()?, self.count()?);
        let scales = self.floats(rows)?;
        let numbers = self.bytes(rows.checked_mul(columns)?)?.iter().map(|&b| b.cast_signed()).collect();
        Some(Matrix { columns, scales, numbers })
    }
}
