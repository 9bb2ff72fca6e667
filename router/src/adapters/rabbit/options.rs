//! What can be chosen about RabbitMQ, and where it is.

use std::fmt;
use std::time::Duration;

use lapin::uri::{AMQPScheme, AMQPUri};

use super::OpenError;

/// How the broker on RabbitMQ behaves. [`RabbitOptions::new`] gives the defaults; the fields say what they are.
#[derive(Clone)]
pub struct RabbitOptions {
    /// The nodes, tried in turn.
    pub(super) nodes: Vec<Node>,
    /// What operators see among the server's connections.
    pub connection_name: String,
    /// How many AMQP messages a queue holds; more are refused as full. An argument of the queues (`x-max-length`):
    /// a queue that exists keeps the one it was declared with, and another value here is refused.
    pub length_max: u32,
    /// How many bytes of bodies a queue holds (`x-max-length-bytes`); an argument of the queues, too.
    pub length_bytes_max: u64,
    /// How often a message may come back unsettled before the server drops it (`x-delivery-limit`). A last guard only:
    /// the router never gives one back (P11).
    pub delivery_limit: u32,
    /// How many messages travel in one AMQP message at most; 1 sends each alone. At most [`super::BUNDLE_MAX`].
    pub bundle_max: usize,
    /// The largest body that is published. The server has a limit of its own (16 MiB by default since 4.0), and closes
    /// the channel, with all that is in flight, above it.
    pub body_bytes_max: usize,
    /// How long a publisher waits for its confirm. Platforms count a webhook as failed soon after two seconds (P15).
    pub confirm_within: Duration,
    /// How often each end says that it is there (P12). We take the server for dead after two of these; the server takes
    /// us for dead after two to three, and until then a paused owner keeps its queues: 8 to 12 s at the default of 4,
    /// 10 to 15 s at 5 (14.9 s measured), which is all that a takeover may take.
    pub heartbeat: Duration,
    /// How long opening a connection, a channel, a queue or a subscription may take.
    pub answer_within: Duration,
    /// How long a confirm may be out before it is tried on another channel. Whoever waited for it has given up by then.
    pub slow_after: Duration,
    /// How long nothing may be confirmed before the connection is cut and built anew. An election of a queue's leader
    /// takes up to 8 s, so this is longer.
    pub stuck_after: Duration,
    /// How long a queue that had to be made rests before anything is published to it: see `Queues::settles`.
    pub settle: Duration,
}

impl RabbitOptions {
    /// The defaults for the server at `url`: `amqp://user:password@host:5672/vhost`, or several such, separated by
    /// commas, for the nodes of a cluster.
    ///
    /// The default virtual host `/` is written `%2f` or left out. `amqps://` wants a program built with the feature
    /// `tls`.
    pub fn new(url: &str) -> Result<Self, OpenError> {
        let nodes = url.split(',').map(|url| Node::parse(url.trim())).collect::<Result<_, _>>()?;
        Ok(Self {
            nodes,
            connection_name: "blendline".to_owned(),
            length_max: 1_000_000,
            length_bytes_max: 4 << 30,
            delivery_limit: 1_000,
            bundle_max: super::BUNDLE_MAX,
            body_bytes_max: 16 << 20,
            confirm_within: Duration::from_millis(1_500),
            heartbeat: Duration::from_secs(4),
            answer_within: Duration::from_secs(2),
            slow_after: Duration::from_secs(3),
            stuck_after: Duration::from_secs(12),
            settle: Duration::from_secs(2),
        })
    }
}

/// One server, and who we are to it.
#[derive(Clone, Eq, PartialEq)]
pub(super) struct Node(AMQPUri);

impl Node {
    fn parse(url: &str) -> Result<Self, OpenError> {
        let wrong = |cause: String, cure| OpenError::Url { cause, cure };
        let mut uri: AMQPUri = url.parse().map_err(|cause: String| {
            wrong(cause, "write amqp://user:password@host:5672/vhost, with %-escapes in user, password and vhost")
        })?;
        // The parser takes a literal IPv6 address for no host at all and would go to localhost.
        if let Some((_, rest)) = url.split_once('[')
            && let Some((address, _)) = rest.split_once(']')
        {
            uri.authority.host = address.to_owned();
        }
        if uri.vhost.is_empty() {
            let cause = "the virtual host is empty".to_owned();
            return Err(wrong(cause, "leave the last / out, or write /%2f, for the default virtual host"));
        }
        if uri.scheme == AMQPScheme::AMQPS && !cfg!(feature = "tls") {
            return Err(OpenError::NoTls);
        }
        Ok(Self(uri))
    }

    /// Host and port, where no TLS is spoken.
    pub(super) fn plain_address(&self) -> Option<(&str, u16)> {
        let AMQPUri { scheme, authority, .. } = &self.0;
        (*scheme == AMQPScheme::AMQP).then_some((authority.host.as_str(), authority.port))
    }

    /// What is connected to, with this heartbeat.
    pub(super) fn uri(&self, heartbeat: Duration) -> AMQPUri {
        let mut uri = self.0.clone();
        let seconds = u16::try_from(heartbeat.as_secs()).unwrap_or(u16::MAX).max(1);
        uri.query.heartbeat = Some(uri.query.heartbeat.unwrap_or(seconds));
        uri
    }
}

/// Without the password.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AMQPUri { scheme, authority, vhost, .. } = &self.0;
        let host = &authority.host;
        let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
        write!(
            f,
            "{scheme}://{}@{open}{host}{close}:{} (virtual host {vhost})",
            authority.userinfo.username, authority.port
        )
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Without passwords.
impl fmt::Debug for RabbitOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RabbitOptions").field("nodes", &self.nodes).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(url: &str) -> String {
        format!("{:?}", RabbitOptions::new(url).map(|options| options.nodes))
    }

    #[test]
    fn urls_name_nodes_and_never_tell_passwords() {
        assert_eq!(shown("amqp://localhost"), "Ok([amqp://guest@localhost:5672 (virtual host /)])");
        assert_eq!(
            shown("amqp://me:hunter2@a:1/%2f, amqp://me:hunter2@[::1]:2/front"),
            "Ok([amqp://me@a:1 (virtual host /), amqp://me@[::1]:2 (virtual host front)])"
        );
        let options = RabbitOptions::new("amqp://me:hunter2@localhost").unwrap();
        assert!(!format!("{options:?}").contains("hunter2"));
        assert_eq!(options.nodes[0].uri(options.heartbeat).query.heartbeat, Some(4));
    }

    #[test]
    fn a_wrong_url_is_refused_with_its_cure() {
        for (url, part) in [
            ("http://localhost", "amqp://user:password@host"),
            ("localhost:5672", "amqp://user:password@host"),
            ("amqp://localhost/", "%2f"),
            ("amqp://localhost,", "amqp://user:password@host"),
        ] {
            let refused = RabbitOptions::new(url).unwrap_err().to_string();
            assert!(refused.contains(part), "{url}: {refused}");
        }
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn amqps_names_the_feature_it_wants() {
        let refused = RabbitOptions::new("amqps://localhost").unwrap_err().to_string();
        assert!(refused.contains("--features tls"), "{refused}");
    }
}
