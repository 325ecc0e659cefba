//! The program `langdu`; everything it does is in the library.

fn main() -> std::process::ExitCode {
    langdu::cli::main()
}
