//! The `blendline` program; everything it does is in [`blendline_router::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    blendline_router::cli::main()
}
