//! A private Redis: own directory, own port, everything written to its log.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::program::Program;
use crate::process::{Scratch, free_addr};

const READY_WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A server and its data.
#[derive(Debug)]
pub struct Redis {
    server: Program,
    port: u16,
    /// Removed after the server has ended.
    _scratch: Scratch,
}

impl Redis {
    /// Starts a server that syncs its log as `appendfsync` says (`always`, `everysec`) and waits until it takes
    /// connections.
    pub async fn start(appendfsync: &str) -> Self {
        let scratch = Scratch::new("redis");
        let port = free_addr().port();
        let dir = scratch.path().display().to_string();
        let port_text = port.to_string();
        let arguments = [
            ["--port", &port_text],
            ["--bind", "127.0.0.1"],
            ["--dir", &dir],
            ["--save", ""],
            ["--appendonly", "yes"],
            ["--appendfsync", appendfsync],
            // What queues in Redis want: rather an error than a job that is gone.
            ["--maxmemory-policy", "noeviction"],
        ];
        let server = Program::new("redis-server").args(arguments.concat()).log_to(&scratch.path().join("log")).start();
        let mut redis = Self { server, port, _scratch: scratch };
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            redis.server.assert_running();
            assert!(begin.elapsed() < READY_WITHIN, "Redis took too long to start:\n{}", redis.server.log());
            tokio::time::sleep(LOOK_EVERY).await;
        }
        redis
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }
}
