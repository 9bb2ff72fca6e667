//! A private Redis: one server, or a master with a replica and three Sentinels. Nothing of it is worth keeping.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::program::Program;
use crate::process::{Scratch, free_addr};

const READY_WITHIN: Duration = Duration::from_secs(40);
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// What the Sentinels call the master.
const MASTER: &str = "mm";

/// A server and its data.
#[derive(Debug)]
pub struct Redis {
    server: Option<Program>,
    port: u16,
    arguments: Vec<String>,
    /// Removed after the server has ended.
    scratch: Scratch,
}

/// True when Redis is installed.
pub fn is_installed() -> bool {
    ["/usr/bin/redis-server", "/usr/local/bin/redis-server"].iter().any(|path| Path::new(path).exists())
}

impl Redis {
    /// Starts a server that syncs its log as `appendfsync` says (`always`, `everysec`) and waits until it takes
    /// connections.
    pub async fn start(appendfsync: &str) -> Self {
        Self::start_with(&["--appendonly", "yes", "--appendfsync", appendfsync]).await
    }

    /// Starts a server with more arguments.
    pub async fn start_with(more: &[&str]) -> Self {
        let scratch = Scratch::new("redis");
        let port = free_addr().port();
        let (dir, port_text) = (scratch.path().display().to_string(), port.to_string());
        // What queues in Redis want: rather an error than a job that is gone.
        let arguments = ["--port", &port_text, "--bind", "127.0.0.1", "--dir", &dir, "--save", ""];
        let arguments = arguments.into_iter().chain(["--maxmemory-policy", "noeviction"]).chain(more.iter().copied());
        let mut redis = Self { server: None, port, arguments: arguments.map(str::to_owned).collect(), scratch };
        redis.restart().await;
        redis
    }

    /// Starts the server again on its data, after [`Self::kill`].
    pub async fn restart(&mut self) {
        let log = self.scratch.path().join("log");
        let mut server = Program::new("redis-server").args(&self.arguments).log_to(&log).start();
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            server.assert_running();
            assert!(begin.elapsed() < READY_WITHIN, "Redis took too long to start:\n{}", server.log());
            tokio::time::sleep(LOOK_EVERY).await;
        }
        self.server = Some(server);
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        signal("KILL", self.pid());
        self.server = None;
    }

    /// SIGSTOP: connections stay, nothing answers.
    pub fn pause(&self) {
        signal("STOP", self.pid());
    }

    /// SIGCONT.
    pub fn resume(&self) {
        signal("CONT", self.pid());
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The port it listens on.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.server.as_ref().expect("a running server").pid()
    }

    /// Sends one command, such as `FLUSHALL`, and gives the first bytes of the answer.
    pub fn command(&self, line: &str) -> String {
        ask(self.port, line).expect("Redis answers")
    }

    async fn until(&self, what: &str, line: &str, words: &str) {
        let begin = Instant::now();
        loop {
            // Who becomes the master ends the connections that he had.
            let answer = ask(self.port, line).unwrap_or_else(|error| error.to_string());
            if answer.contains(words) {
                return;
            }
            assert!(begin.elapsed() < READY_WITHIN, "{what} did not come: {answer}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

fn ask(port: u16, line: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(ANSWER_WITHIN))?;
    stream.write_all(format!("{line}\r\n").as_bytes())?;
    let mut answer = [0; 4096];
    let count = stream.read(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer[..count]).trim().to_owned())
}

fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill").args([format!("-{name}"), pid.to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "SIG{name} could not be sent");
}

/// A master, a replica, and three Sentinels that look after them.
#[derive(Debug)]
pub struct Guarded {
    /// The master at the start, and the replica.
    pub servers: [Redis; 2],
    sentinels: Vec<(Program, u16)>,
    _scratch: Scratch,
}

impl Guarded {
    /// Starts all of them, and waits until the replica follows and the Sentinels know one another.
    pub async fn start() -> Self {
        let master = Redis::start_with(&["--repl-diskless-sync-delay", "0"]).await;
        let port = master.port().to_string();
        let replica = Redis::start_with(&["--repl-diskless-sync-delay", "0", "--replicaof", "127.0.0.1", &port]).await;
        replica.until("the replica's link", "INFO replication", "master_link_status:up").await;
        let scratch = Scratch::new("sentinels");
        let mut sentinels = Vec::new();
        for n in 0..3 {
            let (own, dir) = (free_addr().port(), scratch.path().join(n.to_string()));
            std::fs::create_dir_all(&dir).expect("a directory for a Sentinel");
            let conf = dir.join("sentinel.conf");
            let text = format!(
                "port {own}\nbind 127.0.0.1\nprotected-mode no\ndir {}\nsentinel monitor {MASTER} 127.0.0.1 {port} 2\n\
                 sentinel down-after-milliseconds {MASTER} 2000\nsentinel failover-timeout {MASTER} 5000\n",
                dir.display()
            );
            std::fs::write(&conf, text).expect("a file for a Sentinel");
            let conf = conf.display().to_string();
            // The same program: Debian has its second name in a package of its own.
            let program = Program::new("redis-server").args([conf.as_str(), "--sentinel"]);
            sentinels.push((program.log_to(&dir.join("log")).start(), own));
        }
        let guarded = Self { servers: [master, replica], sentinels, _scratch: scratch };
        let begin = Instant::now();
        while !guarded.sentinels.iter().all(|(_, port)| knows_the_others(*port)) {
            assert!(begin.elapsed() < READY_WITHIN, "the Sentinels did not find one another");
            tokio::time::sleep(LOOK_EVERY * 5).await;
        }
        guarded
    }

    /// Where they are, as the configuration has it.
    pub fn url(&self) -> String {
        let hosts: Vec<String> = self.sentinels.iter().map(|(_, port)| format!("127.0.0.1:{port}")).collect();
        format!("redis+sentinel://{}/{MASTER}", hosts.join(","))
    }

    /// The server that takes writes.
    pub fn master(&self) -> &Redis {
        &self.servers[self.master_number()]
    }

    fn master_number(&self) -> usize {
        // After a failover both say so for a moment; the promoted one is the one that somebody follows, or is alone.
        let is_master = |server: &Redis| server.command("ROLE").contains("master");
        let followed = |server: &Redis| server.command("INFO replication").contains("state=online");
        let [first, second] = &self.servers;
        usize::from(!is_master(first) || (is_master(second) && followed(second)))
    }

    /// SIGKILL to the master; returns when the replica has taken its place and the old master runs again.
    pub async fn fail_over(&mut self) {
        let old = self.master_number();
        self.servers[old].kill();
        self.until_master(1 - old).await;
        self.servers[old].restart().await;
        // The Sentinels make it a replica, which takes them some time; on a busy machine they may change their mind.
        let begin = Instant::now();
        while !self.servers.iter().any(|server| server.command("INFO replication").contains("master_link_status:up")) {
            assert!(begin.elapsed() < READY_WITHIN * 2, "there is no replica again");
            tokio::time::sleep(LOOK_EVERY * 5).await;
        }
    }

    /// Waits until server `n` takes writes.
    pub async fn until_master(&self, n: usize) {
        self.servers[n].until("the new master", "ROLE", "master").await;
    }
}

fn knows_the_others(port: u16) -> bool {
    let knows = |line: &str, words: &str| {
        ask(port, &format!("SENTINEL {line} {MASTER}")).is_ok_and(|answer| answer.contains(words))
    };
    knows("CKQUORUM", "OK 3 usable") && knows("REPLICAS", "slave")
}
