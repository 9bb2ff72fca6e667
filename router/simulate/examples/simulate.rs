//! `blendline simulate` without the rest of `blendline`: quick to build where only the scheduler is looked at.
//!
//! `cargo run --release -p blendline-simulate --example simulate -- SCENARIO.json`

use std::io::{self, BufWriter, Write as _};

use blendline_simulate::command::{Options, run};
use clap::Parser;

#[derive(Parser)]
struct Args {
    #[command(flatten)]
    options: Options,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let mut out = BufWriter::new(io::stdout().lock());
    run(&args.options, &mut out, &mut io::stderr().lock())?;
    out.flush()?;
    Ok(())
}
