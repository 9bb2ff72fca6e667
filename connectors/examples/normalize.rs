//! Prints the events of webhook bodies, one JSON object a line: `normalize --channel NAME [--account ID] FILE…`.
//!
//! The arguments and the output are those of `blendline normalize`, so that a connector can be tried on its own.

use std::process::ExitCode;

use blendline_connectors::normalize::print;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "normalize");
    let (mut channel, mut account, mut files) = (String::new(), None, Vec::new());
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--channel" => channel = arguments.next().unwrap_or_default(),
            "--account" => account = arguments.next(),
            _ => files.push(argument),
        }
    }
    let Some(connector) = blendline_connectors::by_name(&channel) else {
        eprintln!("no channel is called {channel:?}");
        return ExitCode::from(2);
    };
    let mut out = std::io::stdout().lock();
    for file in files {
        let body = match std::fs::read(&file) {
            Ok(body) => body,
            Err(error) => {
                eprintln!("{file}: {error}");
                return ExitCode::from(2);
            }
        };
        if let Err(not_printed) = print(connector, account.as_deref(), &file, &body, &mut out) {
            eprintln!("{not_printed}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
