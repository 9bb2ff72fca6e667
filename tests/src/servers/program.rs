//! A program of others that runs beside us and ends with us.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a program may take to end in order.
const ENDS_WITHIN: Duration = Duration::from_secs(15);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A program before its start.
#[derive(Debug)]
pub struct Starting {
    command: Command,
    log: Option<PathBuf>,
}

/// A running program; it is asked to end when this is dropped, and killed when it does not.
#[derive(Debug)]
pub struct Program {
    child: Child,
    log: Option<PathBuf>,
}

impl Program {
    /// A program by name or path. The kernel sends it SIGTERM when whoever started it is gone without a word.
    #[allow(clippy::new_ret_no_self, reason = "what is new is not running yet")]
    pub fn new(name: impl AsRef<Path>) -> Starting {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", "--"]).arg(name.as_ref());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Starting { command, log: None }
    }

    /// Its process: the program itself, for `setpriv` becomes it.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The last lines that it said.
    pub fn log(&self) -> String {
        let text = self.log.as_ref().and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// Panics with what it said last when it has ended by itself.
    pub fn assert_running(&mut self) {
        if let Ok(Some(status)) = self.child.try_wait() {
            panic!("the program ended ({status}):\n{}", self.log());
        }
    }
}

impl Starting {
    /// Its arguments.
    pub fn args<S: AsRef<std::ffi::OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    /// A variable of its environment.
    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Its working directory.
    pub fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Where what it says is kept.
    pub fn log_to(mut self, path: &Path) -> Self {
        let file = File::create(path).expect("a file for a program's log");
        let twin = file.try_clone().expect("a second handle on the log");
        self.command.stdout(file).stderr(twin);
        self.log = Some(path.to_owned());
        self
    }

    /// Starts it. One that is not there ends at once: see [`Program::assert_running`].
    pub fn start(mut self) -> Program {
        let child = self.command.spawn().expect("setpriv can be started");
        Program { child, log: self.log }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let begin = Instant::now();
        let _ = Command::new("kill").args(["-TERM", &self.pid().to_string()]).stderr(Stdio::null()).status();
        while matches!(self.child.try_wait(), Ok(None)) && begin.elapsed() < ENDS_WITHIN {
            std::thread::sleep(LOOK_EVERY);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("process {} said last:\n{}", self.pid(), self.log());
        }
    }
}
