//! The `blendline` command.

mod adapters;
mod ask;
mod assess;
mod check;
mod connect;
mod demo;
mod doctor;
mod events;
mod figures;
mod key;
pub mod normalize;
mod people;
mod platform;
mod quarantine;
mod rules;
mod serve;
mod sign;
mod systems;
mod traffic;
mod transfer;

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::demo::Demo;
use crate::directory::Role;

/// Routes messages and work to the right worker.
#[derive(Debug, Parser)]
#[command(name = "blendline", version, about)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the router.
    Serve {
        /// The configuration file.
        #[arg(long, env = "BLENDLINE_CONFIG", conflicts_with = "demo")]
        config: Option<PathBuf>,
        /// Runs a demo tenant with an echo worker and a platform of its own, on loopback.
        #[arg(long)]
        demo: bool,
        #[command(flatten)]
        traffic: traffic::Options,
    },
    /// Prints what a channel's bodies mean: one JSON event a line.
    Normalize {
        /// The channel, such as whatsapp_cloud.
        #[arg(long)]
        channel: String,
        /// The account to write where the body names none.
        #[arg(long)]
        account: Option<String>,
        /// Bodies as the platform posted them; `-` is standard input.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Simulates whole days of work, decided by the scheduler itself, and prints what became of it: a line of JSON each.
    Simulate(blendline_simulate::command::Options),
    /// Runs another system's month of contacts and tasks as the separate pools it was, and as one blended pool.
    Assess(assess::Options),
    /// Looks at a configuration.
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Checks routing rules, and explains where they send a message.
    Rules {
        #[command(subcommand)]
        command: rules::Command,
    },
    /// Looks whether the servers that a configuration stands on are set as they must be, and how its accounts are.
    Doctor {
        /// The configuration file.
        #[arg(long, env = "BLENDLINE_CONFIG")]
        config: PathBuf,
        /// The base URL of a router that runs, to hear how its accounts are.
        #[arg(long, env = "BLENDLINE_URL", default_value = "http://127.0.0.1:8080")]
        url: String,
        /// A key with the role operations, auditor, supervisor or admin; without one no router is asked.
        #[arg(long, env = "BLENDLINE_KEY", hide_env_values = true)]
        key: Option<String>,
    },
    /// Prints every figure that the program exports for Prometheus: name, kind, on what it is about, labels, and what it says.
    Figures,
    /// Walks through the set-up of an account.
    Connect {
        #[command(subcommand)]
        command: ConnectCommand,
    },
    /// Sends a message by an account, after asking: the last step of its set-up.
    SendTest {
        /// The account: NAME, CHANNEL/NAME or TENANT/CHANNEL/NAME.
        account: String,
        /// The platform's address of whom to write to.
        #[arg(long)]
        to: String,
        /// What to say.
        #[arg(long, default_value = "This is a test of Blendline.")]
        text: String,
        /// Sends without asking.
        #[arg(long)]
        yes: bool,
        /// The configuration file.
        #[arg(long, env = "BLENDLINE_CONFIG")]
        config: PathBuf,
    },
    /// Lists what could not be read, and reads it again, by a router that runs.
    Quarantine {
        #[command(subcommand)]
        command: quarantine::QuarantineCommand,
    },
    /// Has events posted to other systems, and looks what became of it, by a router that runs.
    Events {
        #[command(subcommand)]
        command: events::EventsCommand,
    },
    /// Makes keys that other systems sign their posts with, by a router that runs.
    Systems {
        #[command(subcommand)]
        command: systems::SystemsCommand,
    },
    /// Makes access keys.
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Manages the people who sign in, while the router is stopped; while it runs, POST /v1/users does.
    User {
        #[command(subcommand)]
        command: UserCommand,
    },
    /// Looks at the log of what was done to users and sessions, while the router is stopped; GET /v1/audit shows it.
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Writes the record of a stopped installation as JSON lines, to move it to another database.
    ///
    /// What a data directory holds beside the record stays where it is: the configuration, the queues, and the file with
    /// the web chat's secret, without which visitors begin anew.
    Export {
        #[command(flatten)]
        place: transfer::Place,
        /// The file to make; `-` is standard output.
        file: PathBuf,
        /// Leaves behind what waits in the embedded queues.
        #[arg(long, conflicts_with = "store")]
        leave_queued: bool,
    },
    /// Fills an empty record from an export: with all of it or with nothing.
    Import {
        #[command(flatten)]
        place: transfer::Place,
        /// The export; `-` is standard input.
        file: PathBuf,
    },
    /// Prints the X-Hub-Signature-256 of a body.
    Sign {
        /// The app's secret.
        #[arg(long, env = "BLENDLINE_SIGN_SECRET", hide_env_values = true)]
        secret: String,
        /// The body; `-` is standard input.
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Refuses a configuration with file, line, key and hint, or says what it holds.
    Check {
        /// The configuration file.
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum ConnectCommand {
    /// Says what is wrong with an account's settings, handshake, signature, platform and credentials, and the cure.
    Check {
        /// The account: NAME, CHANNEL/NAME or TENANT/CHANNEL/NAME.
        account: String,
        /// Where the server runs, as the platform reaches it; left out, it is not asked.
        #[arg(long)]
        url: Option<String>,
        /// The configuration file.
        #[arg(long, env = "BLENDLINE_CONFIG")]
        config: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Prints a new key and the SHA-256 that the configuration wants.
    New,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Adds a user and prints a password for his first sign-in.
    Add {
        #[command(flatten)]
        which: people::Which,
        /// What he may do: worker, supervisor, operations, auditor or admin.
        #[arg(long, value_parser = role)]
        role: Role,
        /// With the role worker: the configured worker he is.
        #[arg(long)]
        worker: Option<String>,
    },
    /// Gives a user a new password for his next sign-in, and lets him in again where he was disabled.
    Reset {
        #[command(flatten)]
        which: people::Which,
    },
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Checks that no entry was changed, moved, taken out or cut off.
    Verify {
        /// The configuration file.
        #[arg(long, env = "BLENDLINE_CONFIG")]
        config: PathBuf,
        /// The tenant's name.
        #[arg(long)]
        tenant: String,
    },
}

/// A role by the name that configuration and API use.
fn role(text: &str) -> Result<Role, String> {
    let name = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(text);
    serde::Deserialize::deserialize(name).map_err(|error| error.to_string())
}

/// Runs the command that was asked for.
pub fn main() -> ExitCode {
    run(std::env::args_os().collect())
}

fn run(args: Vec<OsString>) -> ExitCode {
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            // Where the terminal is gone there is nobody to tell.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let outcome = match args.command {
        Command::Serve { config, demo, traffic } => {
            serve::run(config.as_deref(), demo.then(|| Demo::new(traffic.traffic())))
        }
        Command::Normalize { channel, account, files } => normalize::run(&channel, account.as_deref(), &files),
        Command::Simulate(options) => {
            print(|out| blendline_simulate::command::run(&options, out, &mut io::stderr().lock()))
        }
        Command::Config { command: ConfigCommand::Check { file } } => check::run(&file),
        Command::Assess(options) => match assess::run(&options) {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
        Command::Rules { command } => match rules::run(command) {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
        Command::Doctor { config, url, key } => {
            doctor::run(&config, key.map(|key| doctor::Router { url, key }).as_ref())
        }
        Command::Figures => figures::run(),
        Command::Connect { command: ConnectCommand::Check { account, url, config } } => {
            connect::check(&config, &account, url.as_deref())
        }
        Command::SendTest { account, to, text, yes, config } => connect::send_test(&config, &account, &to, &text, yes),
        Command::Quarantine { command } => quarantine::run(command),
        Command::Events { command } => events::run(command),
        Command::Systems { command } => systems::run(command),
        Command::Key { command: KeyCommand::New } => key::run(),
        Command::User { command: UserCommand::Add { which, role, worker } } => people::add(&which, role, worker),
        Command::User { command: UserCommand::Reset { which } } => people::reset(&which),
        Command::Audit { command: AuditCommand::Verify { config, tenant } } => people::verify(&config, &tenant),
        Command::Export { place, file, leave_queued } => transfer::export(&place, &file, leave_queued),
        Command::Import { place, file } => transfer::import(&place, &file),
        Command::Sign { secret, file } => sign::run(&secret, &file),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever closed the pipe has read enough.
        Err(error) if broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr().lock(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Writes to standard output, all at once.
fn print<E: From<io::Error>>(write: impl FnOnce(&mut dyn Write) -> Result<(), E>) -> Result<(), E> {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = write(&mut out);
    out.flush()?;
    written
}

/// The bytes of a file, or of standard input for `-`.
fn read_input(file: &std::path::Path) -> io::Result<Vec<u8>> {
    if file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut io::stdin().lock(), &mut bytes)?;
        return Ok(bytes);
    }
    std::fs::read(file).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", file.display())))
}
