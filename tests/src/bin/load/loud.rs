//! The posts of a loud tenant, from a process of their own at the lowest priority.

use std::net::SocketAddr;
use std::process::Stdio;

use blendline_tests::whatsapp::Number;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::bench::{NUMBERS, quantiles_ms};
use crate::hands::Times;
use crate::latency::post_on_time;
use crate::post::Requests;

/// How loud he is.
pub(crate) struct Plan {
    pub(crate) seconds: u64,
    /// Webhooks a second.
    pub(crate) rate: u64,
}

/// The process.
pub(crate) struct Loud {
    child: Child,
    says: Lines<BufReader<ChildStdout>>,
    hears: ChildStdin,
}

impl Loud {
    /// Starts it, and waits until all its requests are built.
    pub(crate) async fn start(addr: SocketAddr, plan: &Plan) -> Self {
        let me = std::env::current_exe().expect("the path of the running program");
        let mut child = Command::new("nice")
            .args(["-n", "19"])
            .arg(me)
            .args(["loud", "--router", &addr.to_string()])
            .args(["--seconds", &plan.seconds.to_string(), "--rate", &plan.rate.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("a process for the loud tenant");
        let says = BufReader::new(child.stdout.take().expect("its output is ours")).lines();
        let hears = child.stdin.take().expect("its input is ours");
        let mut loud = Self { child, says, hears };
        loud.heard().await;
        loud
    }

    /// Lets it begin.
    pub(crate) async fn begin(&mut self) {
        self.hears.write_all(b"begin\n").await.expect("it listens");
    }

    /// What became of its posts.
    pub(crate) async fn end(mut self) -> Value {
        let told = self.heard().await;
        self.child.wait().await.expect("it ends");
        serde_json::from_str(&told).expect("it reports in JSON")
    }

    async fn heard(&mut self) -> String {
        self.says.next_line().await.expect("it speaks").expect("it speaks to the end")
    }
}

/// What the process does: builds, says so, waits for its sign, posts.
pub(crate) async fn run(router: SocketAddr, plan: Plan) -> Value {
    let requests = Requests::build(&[Number::test(NUMBERS)], 0, (plan.seconds * plan.rate) as usize);
    let times = Times::new(requests.len());
    println!("built");
    // Nothing else is to be done meanwhile.
    std::io::stdin().read_line(&mut String::new()).expect("the sign to begin");
    let posted = post_on_time(&[router], &requests, 0, &times, plan.rate).await;
    json!({
        "posted": requests.len(),
        "accepted": requests.len() as u64 - posted.refused,
        "answered_503": posted.refused,
        "left_late_ms": quantiles_ms(posted.late_us),
    })
}
