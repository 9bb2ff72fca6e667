//! Prints the events of webhook bodies, one JSON object a line: `normalize --channel NAME [--account ID] FILE…`.
//!
//! The arguments and the output are those of `blendline normalize`, so that a connector can be tried on its own.

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "normalize");
    let (mut channel, mut files) = (String::new(), Vec::new());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--channel" => channel = arguments.next().unwrap_or_default(),
            "--account" => drop(arguments.next()),
            _ => files.push(argument),
        }
    }
    let Some(connector) = blendline_connectors::by_name(&channel) else {
        eprintln!("no channel is called {channel:?}");
        return ExitCode::from(2);
    };
    let mut out = std::io::stdout().lock();
    for file in files {
        let events = match std::fs::read(&file) {
            Ok(body) => connector.normalise(&body),
            Err(error) => {
                eprintln!("{file}: {error}");
                return ExitCode::from(2);
            }
        };
        match events {
            Ok(events) => {
                for line in events.iter().filter_map(|event| event.lifted().ok()) {
                    if writeln!(out, "{line}").is_err() {
                        return ExitCode::SUCCESS;
                    }
                }
            }
            Err(malformed) => {
                eprintln!("{file}: {malformed}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
