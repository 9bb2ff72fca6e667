//! The real program as a child process: started, watched, killed and started again on the same data.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::config::{Installation, RULES_FILE};
use crate::http;

/// The longest a start may take in a test; the load tool measures its own.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// The ports that routers in tests listen on.
const PORTS: std::ops::Range<u16> = 10_000..30_000;

/// A directory of our own, removed when it is dropped (kept when a test fails, for whoever looks).
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// A fresh directory whose name tells `what` it is for.
    pub fn new(what: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("blendline-{what}-{}-{count}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a temporary directory");
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("kept for you: {}", self.0.display());
        } else {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}

/// A program of this workspace, beside the running one. `./test` builds them; a missing one is a clear failure.
pub fn program(name: &str) -> PathBuf {
    let me = std::env::current_exe().expect("the path of the running program");
    let mut dir = me.parent().expect("a program lies in a directory");
    if dir.ends_with("deps") {
        dir = dir.parent().expect("deps lies in the profile's directory");
    }
    let path = dir.join(name);
    assert!(
        path.is_file(),
        "{} is not there: build it first with `cargo build --bins -p blendline-router -p blendline-tests` \
         in the same profile (./test does)",
        path.display()
    );
    path
}

/// A port that was free a moment ago. The caller binds it soon; a thief makes the start fail with a clear text.
///
/// It lies below those that the system gives to outgoing connections, of which tests make thousands, and each process
/// begins at a place of its own.
pub fn free_addr() -> SocketAddr {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let own = std::process::id().wrapping_mul(16);
    let next = || {
        let place = own.wrapping_add(COUNT.fetch_add(1, Ordering::Relaxed)) % PORTS.len() as u32;
        TcpListener::bind(("127.0.0.1", PORTS.start + place as u16)).ok()
    };
    let listener = PORTS.filter_map(|_| next()).next().expect("a free local port");
    listener.local_addr().expect("a bound port has an address")
}

/// The router as a process, on a port and a data directory of its own.
#[derive(Debug)]
pub struct Router {
    /// Where it listens, also after a restart.
    pub addr: SocketAddr,
    scratch: Scratch,
    child: Option<Child>,
    starts: u32,
    /// A demo; `None` is an installation with a configuration of its own.
    demo: Option<Demo>,
    /// Another build of the program; `None` is the one that was just built.
    program: Option<PathBuf>,
    environment: Vec<(String, String)>,
}

/// How a demo is started: beside `serve --demo`.
#[derive(Clone, Debug)]
struct Demo {
    arguments: Vec<String>,
    data_dir: PathBuf,
}

impl Router {
    /// Writes the configuration, starts the program and waits until it is ready.
    pub async fn start(what: &str, installation: &Installation) -> Self {
        let mut router = Self::prepare(what, installation);
        router.start_again().await;
        router
    }

    /// Writes the configuration and starts nothing yet.
    pub fn prepare(what: &str, installation: &Installation) -> Self {
        let router = Self::reserve(what);
        router.configure(installation);
        router
    }

    /// An address and a directory, for what must know the address before there is a configuration.
    pub fn reserve(what: &str) -> Self {
        Self {
            addr: free_addr(),
            scratch: Scratch::new(what),
            child: None,
            starts: 0,
            demo: None,
            program: None,
            environment: Vec::new(),
        }
    }

    /// The demo, to be started with these arguments beside `serve --demo`.
    pub fn demo(what: &str, arguments: &[&str]) -> Self {
        let mut router = Self::reserve(what);
        router.demo = Some(Demo { arguments: Vec::new(), data_dir: router.data_dir() });
        router.ask_for(arguments);
        router
    }

    /// A second demo on the data of this one and on another address.
    pub fn beside(&self) -> Self {
        let mut router = Self::reserve("beside");
        router.demo = self.demo.clone();
        router
    }

    /// The arguments of the demo's next start.
    pub fn ask_for(&mut self, arguments: &[&str]) {
        let demo = self.demo.as_mut().expect("a demo");
        demo.arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
    }

    /// From the next start on this build of the program runs; `None`: the one that was just built.
    pub fn run_program(&mut self, program: Option<PathBuf>) {
        self.program = program;
    }

    /// From the next start on it has these variables.
    pub fn set_environment(&mut self, environment: Vec<(String, String)>) {
        self.environment = environment;
    }

    /// Writes the configuration; it counts from the next start.
    pub fn configure(&self, installation: &Installation) {
        let text = installation.toml(self.addr, &self.data_dir());
        fs::write(self.config_path(), text).expect("a configuration file");
        if let Some(rules) = &installation.rules {
            fs::write(self.config_path().with_file_name(RULES_FILE), rules).expect("a rule set");
        }
    }

    /// Starts the program on the data that is there and waits until it is ready.
    pub async fn start_again(&mut self) {
        self.spawn();
        self.ready_within(READY_WITHIN).await;
    }

    /// Starts the program and does not wait.
    pub fn spawn(&mut self) {
        assert!(self.child.is_none(), "the router runs already");
        self.starts += 1;
        let stderr = File::create(self.log_path()).expect("a file for the router's log");
        let stdout = stderr.try_clone().expect("a second handle on the log");
        let mut command = Command::new(self.program.clone().unwrap_or_else(|| program("blendline")));
        command.arg("serve").envs(self.environment.iter().map(|(name, value)| (name, value)));
        match &self.demo {
            None => drop(command.arg("--config").arg(self.config_path())),
            Some(Demo { arguments, data_dir }) => {
                command.arg("--demo").args(arguments);
                command.env("BLENDLINE_LISTEN", self.addr.to_string()).env("BLENDLINE_DATA_DIR", data_dir);
            }
        }
        command.stdin(std::process::Stdio::null()).stdout(stdout).stderr(stderr).kill_on_drop(true);
        self.child = Some(command.spawn().expect("the router's program can be started"));
    }

    /// Waits until `/readyz` says yes; panics with the log when the program ends or takes too long.
    pub async fn ready_within(&mut self, limit: Duration) {
        let ask = http::request("GET", "/readyz", &[], b"");
        let begin = tokio::time::Instant::now();
        loop {
            if http::once(self.addr, &ask).await.is_ok_and(|reply| reply.status == 200) {
                return;
            }
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            assert!(ended.is_none(), "the router ended at its start ({ended:?}):\n{}", self.log());
            assert!(begin.elapsed() < limit, "the router was not ready within {limit:?}:\n{}", self.log());
            // Readiness cannot be subscribed to before there is a socket: asking again is all one can do.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits for the program to end by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("a running router");
        child.wait().await.expect("the end of the router can be awaited")
    }

    /// SIGKILL: nothing is said good-bye to.
    pub async fn kill(&mut self) {
        let mut child = self.child.take().expect("a running router");
        child.kill().await.expect("the router can be killed");
    }

    /// SIGTERM, and waits for the end.
    pub async fn stop(&mut self) -> ExitStatus {
        self.signal("TERM").await;
        self.ended().await
    }

    /// SIGSTOP: connections stay, nothing answers.
    pub async fn pause(&self) {
        self.signal("STOP").await;
    }

    /// SIGCONT.
    pub async fn resume(&self) {
        self.signal("CONT").await;
    }

    async fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.pid().to_string()]).status().await;
        assert!(sent.is_ok_and(|status| status.success()), "SIG{name} could not be sent");
    }

    /// The number of the running process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().and_then(Child::id).expect("a running router")
    }

    /// What the program has said since its latest start, at most the last 100 lines.
    pub fn log(&self) -> String {
        let text = fs::read_to_string(self.log_path()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(100)..].join("\n")
    }

    /// Waits until the program has said `words` since its latest start. Ends the test after a minute.
    pub async fn until_said(&self, words: &str) {
        let begin = tokio::time::Instant::now();
        while !self.log().contains(words) {
            assert!(begin.elapsed() < READY_WITHIN, "{words:?} was not said:\n{}", self.log());
            // A file cannot be subscribed to: looking again is all one can do.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Where its configuration is.
    pub fn config_path(&self) -> PathBuf {
        self.scratch.path().join("blendline.toml")
    }

    /// Where its data is.
    pub fn data_dir(&self) -> PathBuf {
        self.scratch.path().join("data")
    }

    fn log_path(&self) -> PathBuf {
        self.scratch.path().join(format!("router-{}.log", self.starts))
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        if std::thread::panicking() && self.starts > 0 {
            eprintln!("the router said:\n{}", self.log());
        }
    }
}
