//! A private PostgreSQL: own directory, own port, a user without rights. Its data is kept over restarts.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio_postgres::NoTls;

use crate::process::{Scratch, free_addr};

/// Where Debian puts the programs of each version, newest first.
const VERSIONS: &str = "/usr/lib/postgresql";
/// A start takes half a second, after a crash as long as its log is to be read.
const READY_WITHIN: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Where a server is, for tests that may share it.
pub const BESIDE: &str = "BLENDLINE_TEST_POSTGRES";
/// Who runs the server where the tests run as root, whom PostgreSQL refuses.
const NOBODY: &str = "nobody";

/// Ends the server and removes its data when whoever started it is gone without a word, even by SIGKILL: its standard
/// input closes then. `$1` is the server's directory; QUIT is the end that waits for nobody.
const KEEPER: &str = r#"
cat >/dev/null
if read -r pid <"$1/data/postmaster.pid"; then
    kill -QUIT "$pid"
    while kill -0 "$pid"; do sleep 0.1; done
    umount -l "$1/data"
    rm -rf "$1"
else
    umount -l "$1/data"
fi
"#;

/// A server and its data.
#[derive(Debug)]
pub struct Postgres {
    scratch: Scratch,
    /// How large the disk of its data is, in MiB, where it has one of its own.
    disk_mib: Option<u32>,
    settings: Vec<String>,
    port: u16,
    server: Option<Child>,
    /// Dropped before the data is removed: see [`KEEPER`].
    keeper: Child,
}

/// A server that several tests share, as a database's name appended makes it an address: the one that `./test` started
/// beside them, or one for this process. `None`, said on stderr, where the machine has none.
pub async fn shared() -> Option<String> {
    static OWN: tokio::sync::OnceCell<Postgres> = tokio::sync::OnceCell::const_new();
    if let Ok(base) = std::env::var(BESIDE) {
        return Some(base);
    }
    if !is_installed() {
        eprintln!("SKIPPED: PostgreSQL is not installed (./test contract installs it)");
        return None;
    }
    Some(OWN.get_or_init(Postgres::start).await.url_of(""))
}

/// Whether the machine has the programs.
pub fn is_installed() -> bool {
    programs().is_some()
}

impl Postgres {
    /// Makes a database and waits until it takes connections.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with settings, each as `name=value`.
    pub async fn start_with(settings: &[&str]) -> Self {
        Self::make(scratch(), None, settings).await
    }

    /// The same on a disk of its own of so many MiB, which [`Self::fill`] fills; on the machine's where there is no right
    /// to make one. The log of changes is kept short, as a small disk wants it.
    pub async fn start_on_disk(mib: u32) -> Self {
        let (scratch, disk) = scratch_on_disk(mib);
        Self::make(scratch, disk, &["max_wal_size=64MB", "min_wal_size=32MB"]).await
    }

    async fn make(scratch: Scratch, disk_mib: Option<u32>, settings: &[&str]) -> Self {
        let mut make = program(&scratch, "initdb");
        make.args(["--username=blendline", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "-D"]);
        let postgres = Self::over((scratch, disk_mib), settings, make).await;
        postgres.run("CREATE DATABASE blendline").await;
        postgres
    }

    /// A standby that streams from this one. Commits wait for it once `synchronous_standby_names` names it.
    pub async fn standby(&self) -> Self {
        let (scratch, disk) = match self.disk_mib {
            Some(mib) => scratch_on_disk(mib),
            None => (scratch(), None),
        };
        let settings: Vec<&str> = self.settings.iter().map(String::as_str).collect();
        let mut copy = program(&scratch, "pg_basebackup");
        copy.args([
            "--host=127.0.0.1",
            "--username=blendline",
            "--write-recovery-conf",
            "--checkpoint=fast",
            "--no-sync",
        ]);
        copy.arg(format!("--port={}", self.port)).arg("-D");
        Self::over((scratch, disk), &settings, copy).await
    }

    /// Whether its data has a disk of its own.
    pub const fn has_a_disk(&self) -> bool {
        self.disk_mib.is_some()
    }

    /// Fills the disk of its data to the last byte.
    pub async fn fill(&self) {
        assert!(self.has_a_disk(), "this would fill the machine's disk");
        let mut fill = Command::new("dd");
        fill.args(["if=/dev/zero", "bs=64K"]).arg(format!("of={}", self.ballast().display())).stderr(Stdio::null());
        // It ends with an error, by design: there is no more room.
        let filled = tokio::task::spawn_blocking(move || fill.status()).await.expect("dd's thread");
        assert!(filled.is_ok_and(|status| !status.success()), "the disk is not full");
    }

    /// Makes room again, and starts the server again where it gave up.
    pub async fn make_room(&mut self) {
        fs::remove_file(self.ballast()).expect("the ballast was there");
        if self.server.as_mut().is_some_and(|server| server.try_wait().is_ok_and(|ended| ended.is_some())) {
            self.server = None;
            self.restart().await;
        }
    }

    fn ballast(&self) -> PathBuf {
        self.scratch.path().join("data/ballast-of-the-test")
    }

    /// A running server over the data that `make` makes in the directory named last.
    async fn over((scratch, disk_mib): (Scratch, Option<u32>), settings: &[&str], mut make: Command) -> Self {
        let made = make.arg(scratch.path().join("data")).output().expect("a program of the server can be started");
        assert!(made.status.success(), "{make:?}: {}", String::from_utf8_lossy(&made.stderr));
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "keeper"]).arg(scratch.path());
        let keeper = keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let keeper = keeper.spawn().expect("a shell for the keeper");
        let settings = settings.iter().map(ToString::to_string).collect();
        let mut postgres = Self { scratch, disk_mib, settings, port: free_addr().port(), server: None, keeper };
        postgres.restart().await;
        postgres
    }

    /// Where it listens, with an empty database.
    pub fn url(&self) -> String {
        self.url_of("blendline")
    }

    /// The same for a database of this name.
    pub fn url_of(&self, database: &str) -> String {
        format!("postgres://blendline@127.0.0.1:{}/{database}", self.port)
    }

    /// The port it listens on.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The process that all others of the server descend from.
    pub fn pid(&self) -> u32 {
        self.server.as_ref().expect("a running server").id()
    }

    /// All processes of the server, the first of them first.
    pub fn pids(&self) -> Vec<u32> {
        let first = self.pid();
        let parent = |pid: u32| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            // The name, in brackets, may hold anything.
            stat.rsplit(')').next()?.split_whitespace().nth(1)?.parse::<u32>().ok()
        };
        let numbers =
            fs::read_dir("/proc").expect("Linux").filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        let mut pids: Vec<u32> = numbers.filter(|pid| parent(*pid) == Some(first)).collect();
        pids.insert(0, first);
        pids
    }

    /// CPU that all its processes have used so far, in microseconds; what ended ones used counts. The kernel counts in
    /// hundredths of a second.
    pub fn cpu_us(&self) -> u64 {
        let of = |pid: &u32| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let fields: Vec<u64> = stat
                .rsplit(')')
                .next()
                .unwrap_or_default()
                .split_whitespace()
                .map(|f| f.parse().unwrap_or(0))
                .collect();
            let upto = if *pid == self.pid() { 15 } else { 13 };
            fields.get(11..upto).unwrap_or_default().iter().sum::<u64>() * 10_000
        };
        self.pids().iter().map(of).sum()
    }

    /// Starts the server on its data, after [`Self::stop`] or [`Self::kill`].
    pub async fn restart(&mut self) {
        assert!(self.server.is_none(), "the server runs already");
        let log = fs::OpenOptions::new().create(true).append(true).open(self.scratch.path().join("log"));
        let mut command = program(&self.scratch, "postgres");
        command.arg("-D").arg(self.scratch.path().join("data"));
        let port = format!("port={}", self.port);
        let own = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=300", &port];
        for setting in own.into_iter().chain(self.settings.iter().map(String::as_str)) {
            command.args(["-c", setting]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log.expect("a file for the server's log"));
        self.server = Some(command.spawn().expect("the server can be started"));
        let begin = Instant::now();
        while tokio_postgres::connect(&self.url_of("postgres"), NoTls).await.is_err() {
            let ended = self.server.as_mut().and_then(|server| server.try_wait().ok().flatten());
            assert!(ended.is_none(), "PostgreSQL ended at its start ({ended:?}):\n{}", self.log());
            assert!(begin.elapsed() < READY_WITHIN, "PostgreSQL took too long to start:\n{}", self.log());
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Ends it in order, without waiting for clients.
    pub async fn stop(&mut self) {
        signal("INT", &[self.pid()]);
        self.ended().await;
    }

    /// SIGKILL to all its processes at once: what was not on the disk is lost, nobody is told.
    pub async fn kill(&mut self) {
        let pids = self.pids();
        signal("KILL", &pids);
        self.ended().await;
        // Whoever of them lives a moment longer holds the shared memory, and the next start is refused.
        for pid in pids {
            while is_alive(pid) {
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }

    /// SIGSTOP to all its processes: connections stay, nothing answers.
    pub fn pause(&self) {
        // The first one first, so that no new ones come.
        signal("STOP", &[self.pid()]);
        signal("STOP", &self.pids());
    }

    /// SIGCONT.
    pub fn resume(&self) {
        signal("CONT", &self.pids());
    }

    /// Runs statements as the superuser, in the database `postgres`.
    pub async fn run(&self, statements: &str) {
        run(&self.url_of("postgres"), statements).await;
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.scratch.path().join("log")).unwrap_or_default()
    }

    async fn ended(&mut self) {
        let mut server = self.server.take().expect("a running server");
        while server.try_wait().expect("the server can be waited for").is_none() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// A directory with an empty one for the data, both the server's user's.
fn scratch() -> Scratch {
    let scratch = Scratch::new("postgres");
    let data = scratch.path().join("data");
    // Nobody else may look in, or the server does not start.
    fs::DirBuilder::new().mode(0o700).create(&data).expect("a directory for the data");
    for path in [scratch.path(), &data] {
        give_away(path).expect("the directory can be given to the server's user");
    }
    scratch
}

/// The same with the data on a disk of its own; the disk is missing where there is no right to make one.
fn scratch_on_disk(mib: u32) -> (Scratch, Option<u32>) {
    let scratch = scratch();
    let data = scratch.path().join("data");
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", &format!("size={mib}m,mode=0700"), "blendline-test"]).arg(&data);
    let mounted = mount.stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if mounted {
        give_away(&data).expect("the disk can be given to the server's user");
    }
    (scratch, mounted.then_some(mib))
}

/// Runs statements in a database; panics when it refuses.
pub async fn run(url: &str, statements: &str) {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
    let driving = tokio::spawn(connection);
    client.batch_execute(statements).await.unwrap_or_else(|error| panic!("{statements}: {error:?}"));
    drop(client);
    let _ = driving.await;
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            // A paused one hears QUIT when it goes on.
            signal("QUIT", &[server.id()]);
            signal("CONT", &[server.id()]);
            let _ = server.wait();
        }
        drop(self.keeper.stdin.take());
        let _: io::Result<_> = self.keeper.wait();
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("PostgreSQL said last:\n{}", lines[lines.len().saturating_sub(40)..].join("\n"));
        }
    }
}

/// Whether a process is there and more than a name that nobody has asked after.
fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().next());
    state.is_some_and(|state| state != "Z")
}

/// Sends a signal; that some process is gone already is no fault.
fn signal(name: &str, pids: &[u32]) {
    let _ = Command::new("kill")
        .arg(format!("-{name}"))
        .args(pids.iter().map(u32::to_string))
        .stderr(Stdio::null())
        .status();
}

/// A program of the server, run by a user whom it accepts.
fn program(scratch: &Scratch, name: &str) -> Command {
    let programs = programs().expect("PostgreSQL is not installed: apt-get install postgresql");
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args([format!("--reuid={NOBODY}"), "--regid=nogroup".into(), "--clear-groups".into()]);
        command.arg(programs.join(name));
        command
    } else {
        Command::new(programs.join(name))
    };
    command.current_dir(scratch.path()).env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    command
}

/// The directory of the newest version's programs.
fn programs() -> Option<PathBuf> {
    let versions =
        fs::read_dir(VERSIONS).ok()?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let newest = versions.max()?;
    let programs = Path::new(VERSIONS).join(newest.to_string()).join("bin");
    programs.join("postgres").is_file().then_some(programs)
}

/// Where a program of the server's makers is, such as `pg_dump`.
pub fn tool(name: &str) -> PathBuf {
    programs().expect("PostgreSQL is not installed: apt-get install postgresql").join(name)
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

fn give_away(path: &Path) -> io::Result<()> {
    if !is_root() {
        return Ok(());
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let line = users.lines().find_map(|line| line.strip_prefix(NOBODY)?.strip_prefix(':')).unwrap_or_default();
    let mut numbers = line.split(':').skip(1).map(|number| number.parse().ok());
    chown(path, numbers.next().flatten(), numbers.next().flatten())
}
