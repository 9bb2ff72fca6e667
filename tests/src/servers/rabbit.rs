//! A private RabbitMQ node: own ports, own name service, own cookie, no plugins. Its data is kept over restarts.

use std::fs;
use std::io;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::process::{Scratch, free_addr};

/// Where Debian's package puts what its wrappers start as another user; ours runs as whoever tests.
const SERVER: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server";
const CTL: &str = "/usr/lib/rabbitmq/bin/rabbitmqctl";
/// A boot takes 5 s on a quiet machine of two cores, three times that on a busy one.
const READY_WITHIN: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Runs the name service, and ends it and the node when whoever started this is gone, even by SIGKILL: its standard
/// input closes then. `$1` is the name service's port, `$2` the file with the node's process number.
const KEEPER: &str = r#"
epmd -port "$1" -address 127.0.0.1 & names=$!
cat >/dev/null
node=$(cat "$2" 2>/dev/null) && kill -KILL "$node"
kill -KILL "$names"; wait "$names"
"#;

/// A node and its data.
#[derive(Debug)]
pub struct Rabbit {
    scratch: Scratch,
    port: u16,
    dist_port: u16,
    epmd_port: u16,
    node: Option<Child>,
    /// Dropped before the data is removed: see [`KEEPER`].
    keeper: Child,
}

impl Rabbit {
    /// Starts a node and waits until it takes connections.
    pub async fn start() -> Self {
        Self::start_with("").await
    }

    /// The same with more lines of `rabbitmq.conf`.
    pub async fn start_with(conf: &str) -> Self {
        let [port, dist_port, epmd_port] = [(); 3].map(|()| free_addr().port());
        let mut rabbit = Self::prepare(port, dist_port, epmd_port, conf).await;
        rabbit.restart().await;
        rabbit
    }

    /// Three nodes that are one cluster: they find each other at their first start.
    pub async fn cluster() -> [Self; 3] {
        let epmd_port = free_addr().port();
        let ports = [(); 3].map(|()| free_addr().port());
        let mut conf =
            "cluster_formation.peer_discovery_backend = classic_config\ncluster_partition_handling = pause_minority\n"
                .to_owned();
        for (n, port) in ports.iter().enumerate() {
            conf.push_str(&format!("cluster_formation.classic_config.nodes.{} = {}\n", n + 1, Self::name(*port)));
        }
        let prepare = ports.map(|port| Self::prepare(port, free_addr().port(), epmd_port, &conf));
        let [one, two, three] = prepare;
        let mut nodes = [one.await, two.await, three.await];
        let [one, two, three] = &mut nodes;
        tokio::join!(one.restart(), two.restart(), three.restart());
        nodes[0].ctl(&["await_online_nodes", "3"]).await;
        nodes
    }

    fn name(port: u16) -> String {
        format!("blendline-{port}@localhost")
    }

    /// A node that does not run yet, and its name service.
    async fn prepare(port: u16, dist_port: u16, epmd_port: u16, conf: &str) -> Self {
        assert!(Path::new(SERVER).exists(), "RabbitMQ is not installed: apt-get install rabbitmq-server");
        let scratch = Scratch::new("rabbit");
        for directory in ["mnesia", "log", "config", "schema"] {
            fs::create_dir_all(scratch.path().join(directory)).expect("a directory for the node");
        }
        let write = |name: &str, text: &str| fs::write(scratch.path().join(name), text).expect("a file for the node");
        // No resource alarm but those that a test raises: the machine is shared.
        write(
            "rabbitmq.conf",
            &format!(
                "listeners.tcp.local = 127.0.0.1:{port}\nlog.console = false\nlog.file.level = warning\n\
                 disk_free_limit.absolute = 50MB\nvm_memory_high_watermark.absolute = 2GB\n{conf}\n"
            ),
        );
        write("enabled_plugins", "[].\n");
        write("env.conf", "");
        write(".erlang.cookie", &format!("BLENDLINE{}", std::process::id()));
        let cookie = scratch.path().join(".erlang.cookie");
        fs::set_permissions(cookie, fs::Permissions::from_mode(0o400)).expect("the cookie's mode can be set");
        let mut keeper = Command::new("sh");
        keeper.arg("-c").arg(KEEPER).arg("keeper").arg(epmd_port.to_string()).arg(scratch.path().join("pid"));
        let keeper = keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let keeper = keeper.spawn().expect("a shell for the keeper");
        let mut rabbit = Self { scratch, port, dist_port, epmd_port, node: None, keeper };
        // A node that finds no name service starts one of its own, which would outlive it.
        rabbit.until_open(epmd_port, "the name service").await;
        rabbit
    }

    /// Where it listens: the default virtual host, as `guest`.
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.port)
    }

    /// The port it listens on.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The process of the node.
    pub fn pid(&self) -> u32 {
        self.node.as_ref().expect("a running node").id()
    }

    /// Starts the node on its data, after [`Self::stop`] or [`Self::kill`].
    pub async fn restart(&mut self) {
        assert!(self.node.is_none(), "the node runs already");
        let log = fs::File::create(self.scratch.path().join("stderr")).expect("a file for the node's errors");
        let mut command = self.command(SERVER);
        // Makes the script become the node and not its parent, so that signals reach the node.
        command.env("RUNNING_UNDER_SYSTEMD", "true").env_remove("NOTIFY_SOCKET");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.node = Some(command.spawn().expect("the server can be started"));
        // A listener is opened last; before it there is nothing that could tell.
        self.until_open(self.port, "RabbitMQ").await;
    }

    /// Waits until somebody listens on this port of ours.
    async fn until_open(&mut self, port: u16, who: &str) {
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = self.node.as_mut().and_then(|node| node.try_wait().ok().flatten());
            assert!(ended.is_none(), "RabbitMQ ended at its start ({ended:?}):\n{}", self.log());
            assert!(begin.elapsed() < READY_WITHIN, "{who} took too long to start:\n{}", self.log());
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// SIGTERM, and waits for the end.
    pub async fn stop(&mut self) {
        self.signal("TERM");
        let mut node = self.node.take().expect("a running node");
        while node.try_wait().expect("the node can be waited for").is_none() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// SIGKILL: what was not on the disk is lost, nobody is told.
    pub fn kill(&mut self) {
        let mut node = self.node.take().expect("a running node");
        node.kill().and_then(|()| node.wait()).expect("the node can be killed");
    }

    /// SIGSTOP: connections stay, nothing answers.
    pub fn pause(&self) {
        self.signal("STOP");
    }

    /// SIGCONT.
    pub fn resume(&self) {
        self.signal("CONT");
    }

    /// Runs `rabbitmqctl` and gives what it printed; panics when it fails. Takes some seconds.
    pub async fn ctl(&self, arguments: &[&str]) -> String {
        let mut command = self.command(CTL);
        command.arg("--quiet").args(arguments).stdin(Stdio::null());
        let run = tokio::task::spawn_blocking(move || command.output());
        let output = run.await.expect("rabbitmqctl's thread").expect("rabbitmqctl can be started");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let failed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "rabbitmqctl {arguments:?}: {said}{failed}");
        said
    }

    /// What the node has logged.
    pub fn log(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.scratch.path().join(name)).unwrap_or_default();
        read("stderr") + &read("log/rabbit.log")
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.pid().to_string()]).status();
        assert!(sent.is_ok_and(|status| status.success()), "SIG{name} could not be sent");
    }

    /// A program of RabbitMQ in the node's own surroundings; nothing of it touches the machine's.
    fn command(&self, program: &str) -> Command {
        let base = self.scratch.path();
        let file = |name: &str| -> PathBuf { base.join(name) };
        let mut command = Command::new(program);
        command
            .current_dir(base)
            .env("HOME", base)
            .env("LANG", "C.UTF-8")
            .env("ERL_EPMD_PORT", self.epmd_port.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODENAME", Self::name(self.port))
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", self.port.to_string())
            .env("RABBITMQ_DIST_PORT", self.dist_port.to_string())
            .env("RABBITMQ_BASE", base)
            .env("RABBITMQ_MNESIA_BASE", file("mnesia"))
            .env("RABBITMQ_LOG_BASE", file("log"))
            .env("RABBITMQ_LOGS", file("log/rabbit.log"))
            .env("RABBITMQ_PID_FILE", file("pid"))
            .env("RABBITMQ_GENERATED_CONFIG_DIR", file("config"))
            .env("RABBITMQ_SCHEMA_DIR", file("schema"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", file("enabled_plugins"))
            .env("RABBITMQ_ENABLED_PLUGINS", "none")
            .env("RABBITMQ_CONF_ENV_FILE", file("env.conf"))
            .env("RABBITMQ_CONFIG_FILE", file("rabbitmq.conf"))
            .env("RABBITMQ_ADVANCED_CONFIG_FILE", file("advanced.config"))
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}");
        command
    }
}

impl Drop for Rabbit {
    fn drop(&mut self) {
        if let Some(node) = &mut self.node {
            let _ = node.kill();
            let _ = node.wait();
        }
        drop(self.keeper.stdin.take());
        let _: io::Result<_> = self.keeper.wait();
        if std::thread::panicking() {
            eprintln!("RabbitMQ said:\n{}", self.log());
        }
    }
}
