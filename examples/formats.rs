//! Writes a clip in every format, and prints what each took.
//!
//!     cargo run --release --example formats -- clip.wav /tmp/formats
//!
//! The clip is a file that the service or `langdu synth` wrote. A line is a format, its bytes, the median time of
//! 21 derivations on one thread, and the highest sample where the file has bare ones.

use std::{error::Error, fs, path::Path, time::Instant};

use langdu::audio::{Clip, Encoding, encode};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [clip, out] = &args[..] else { return Err("usage: formats CLIP.wav OUT_DIR".into()) };
    let clip = Clip::from_wav(fs::read(clip)?.into())?;
    fs::create_dir_all(out)?;
    println!("{:.3} s", clip.duration().as_secs_f64());
    for &encoding in Encoding::ALL {
        let mut times = Vec::new();
        for _ in 0..21 {
            let began = Instant::now();
            encode(&clip, encoding)?;
            times.push(began.elapsed());
        }
        times.sort();
        let file = encode(&clip, encoding)?;
        let samples = file.get(encoding.header(0).len()..).unwrap_or_default().as_chunks().0;
        let highest = match encoding.sample() {
            Some(2) => samples.iter().map(|bytes| i16::from_le_bytes(*bytes).unsigned_abs()).max(),
            _ => None,
        };
        let (extension, median) =
            (encoding.extension(), times.get(times.len() / 2).copied().unwrap_or_default());
        let highest = highest.map_or(String::new(), |sample| format!("highest sample {sample}"));
        println!("{extension:8} {:8} bytes {:8.2} ms  {highest}", file.len(), median.as_secs_f64() * 1000.0);
        fs::write(Path::new(out).join(format!("clip.{extension}")), file)?;
    }
    Ok(())
}
