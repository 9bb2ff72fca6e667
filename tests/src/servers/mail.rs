//! A private mail exchange: Exim takes mails and passes them on, Dovecot shows the mailboxes. Own directory, own ports, a
//! certificate of their own.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::program::Program;
use crate::process::{Scratch, free_addr};

const READY_WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Who runs both servers: the user that Debian makes for Exim.
const USER: &str = "Debian-exim";
/// The password of every mailbox, and of who sends by Exim for the shop.
pub const PASSWORD: &str = "geheim-geheim";
/// The user who may send for the shop.
pub const SUBMITTER: &str = "support";
/// The shop's domain: what comes for it is handed to us.
pub const SHOP: &str = "shop.example";
/// A domain whose mailboxes, of whatever name in [`PEOPLE`], lie in Dovecot.
pub const TOWN: &str = "town.example";
/// Those who have a mailbox.
pub const PEOPLE: &[&str] = &["dana", "noa", "info"];

/// The exchange.
#[derive(Debug)]
pub struct MailServers {
    exim: Option<Program>,
    dovecot: Option<Program>,
    /// Where Exim takes mails.
    pub smtp_port: u16,
    /// Where we take those for the shop.
    pub shop_port: u16,
    /// Dovecot, in clear and after STARTTLS.
    pub imap_port: u16,
    /// Dovecot, with TLS from the first byte.
    pub imaps_port: u16,
    /// Removed after the servers have ended.
    scratch: Scratch,
}

/// Whether the machine has the programs, and the tests the rights to run them as somebody else.
pub fn are_installed() -> bool {
    let has = |path: &str| Path::new(path).exists();
    has("/usr/sbin/exim4") && has("/usr/sbin/dovecot") && user().is_some()
}

impl MailServers {
    /// Starts both and waits until they take connections.
    pub async fn start() -> Self {
        let scratch = Scratch::new("mail");
        let [smtp_port, shop_port, imap_port, imaps_port] = [(); 4].map(|()| free_addr().port());
        let mut servers = Self { exim: None, dovecot: None, smtp_port, shop_port, imap_port, imaps_port, scratch };
        let dir = servers.scratch.path();
        for part in ["mail", "spool", "log"] {
            fs::create_dir_all(dir.join(part)).expect("a directory");
        }
        certify(dir);
        fs::write(dir.join("exim.conf"), servers.exim_configuration()).expect("Exim's configuration");
        fs::write(dir.join("dovecot.conf"), servers.dovecot_configuration()).expect("Dovecot's configuration");
        let (uid, gid) = user().expect("the user of Exim");
        for part in ["mail", "spool", "log", "key.pem"] {
            chown(dir.join(part), Some(uid), Some(gid)).expect("root may give files away");
        }
        servers.start_exim().await;
        servers.start_dovecot().await;
        servers
    }

    /// The certificate that both servers, and we, are believed by, in PEM.
    pub fn authority(&self) -> String {
        fs::read_to_string(self.scratch.path().join("authority.pem")).expect("a certificate")
    }

    /// The files of a certificate for `localhost` and its key.
    pub fn certificate(&self) -> (PathBuf, PathBuf) {
        (self.scratch.path().join("certificate.pem"), self.scratch.path().join("key.pem"))
    }

    /// What Exim wrote into its log.
    pub fn exim_log(&self) -> String {
        fs::read_to_string(self.scratch.path().join("log/mainlog")).unwrap_or_default()
    }

    /// Starts Exim; it looks at what waits every second.
    async fn start_exim(&mut self) {
        let dir = self.scratch.path();
        let exim = Program::new("/usr/sbin/exim4")
            .args(["-bdf", "-q1s", "-C"])
            .args([dir.join("exim.conf")])
            .log_to(&dir.join("exim.said"))
            .start();
        self.exim = Some(ready(exim, self.smtp_port).await);
    }

    /// Starts Dovecot on what lies in the mailboxes.
    pub async fn start_dovecot(&mut self) {
        let dir = self.scratch.path();
        let dovecot = Program::new("/usr/sbin/dovecot")
            .args(["-F", "-c"])
            .args([dir.join("dovecot.conf")])
            .log_to(&dir.join("dovecot.said"))
            .start();
        self.dovecot = Some(ready(dovecot, self.imap_port).await);
    }

    /// Ends Dovecot; its connections break.
    pub fn stop_dovecot(&mut self) {
        self.dovecot = None;
    }

    fn exim_configuration(&self) -> String {
        let (dir, people) = (self.scratch.path().display(), PEOPLE.join(" : "));
        let Self { smtp_port, shop_port, .. } = self;
        format!(
            r#"
primary_hostname = localhost
spool_directory = {dir}/spool
log_file_path = {dir}/log/%slog
pid_file_path = {dir}/spool/exim.pid
daemon_smtp_ports = {smtp_port}
local_interfaces = 127.0.0.1
exim_user = {USER}
exim_group = {USER}
deliver_drop_privilege
disable_ipv6
keep_environment =
log_selector = -queue_run
smtputf8_advertise_hosts = *
tls_advertise_hosts = *
tls_certificate = {dir}/certificate.pem
tls_privatekey = {dir}/key.pem
acl_smtp_rcpt = check_recipient
begin acl
check_recipient:
  deny
    sender_domains = {SHOP}
    !authenticated = *
    message = 5.7.1 sign in to write from there
  accept
    domains = {SHOP} : {TOWN}
  deny
    message = 5.7.1 not relayed
begin routers
shop:
  driver = manualroute
  domains = {SHOP}
  route_list = * localhost byname
  self = send
  transport = to_shop
town:
  driver = accept
  domains = {TOWN}
  local_parts = {people}
  transport = to_mailbox
begin transports
to_shop:
  driver = smtp
  port = {shop_port}
  hosts_require_tls = *
  tls_verify_certificates = {dir}/authority.pem
  tls_verify_hosts = *
to_mailbox:
  driver = appendfile
  directory = {dir}/mail/$local_part_data
  maildir_format
  envelope_to_add
  return_path_add
begin retry
* * F,1h,1s
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{SUBMITTER}}}}}{{eq{{$auth3}}{{{PASSWORD}}}}}}}}}
  server_set_id = $auth2
  server_advertise_condition = ${{if def:tls_in_cipher}}
"#
        )
    }

    fn dovecot_configuration(&self) -> String {
        let dir = self.scratch.path().display();
        let Self { imap_port, imaps_port, .. } = self;
        format!(
            r#"
protocols = imap
listen = 127.0.0.1
base_dir = {dir}/run
state_dir = {dir}/run
log_path = {dir}/log/dovecot
ssl = yes
ssl_cert = <{dir}/certificate.pem
ssl_key = <{dir}/key.pem
disable_plaintext_auth = no
auth_username_format = %n
mail_location = maildir:{dir}/mail/%n
first_valid_uid = 1
namespace inbox {{
  inbox = yes
}}
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={USER} gid={USER} home={dir}/mail/%n
}}
service imap-login {{
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
"#
        )
    }
}

impl Drop for MailServers {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("Exim wrote:\n{}", self.exim_log());
            let path = self.scratch.path().join("log/dovecot");
            eprintln!("Dovecot wrote:\n{}", fs::read_to_string(path).unwrap_or_default());
        }
    }
}

async fn ready(mut program: Program, port: u16) -> Program {
    let begin = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        program.assert_running();
        assert!(begin.elapsed() < READY_WITHIN, "a mail server took too long to start:\n{}", program.log());
        tokio::time::sleep(LOOK_EVERY).await;
    }
    program
}

/// An authority, and a certificate of it for `localhost`.
fn certify(dir: &Path) {
    let configuration = "[req]\ndistinguished_name = name\n[name]\n[authority]\nbasicConstraints = critical, CA:TRUE\n\
                         keyUsage = keyCertSign\nsubjectKeyIdentifier = hash\n[server]\nbasicConstraints = CA:FALSE\n\
                         subjectAltName = DNS:localhost, IP:127.0.0.1\n";
    fs::write(dir.join("openssl.conf"), configuration).expect("a configuration for openssl");
    let make = |more: &[&str]| {
        let common = ["req", "-config", "openssl.conf", "-x509", "-nodes", "-days", "2", "-newkey", "ec"];
        let mut made = Command::new("openssl");
        made.current_dir(dir).args(common).args(["-pkeyopt", "ec_paramgen_curve:P-256"]).args(more);
        let output = made.output().expect("openssl is there");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    make(&["-subj", "/CN=authority", "-extensions", "authority", "-keyout", "authority.key", "-out", "authority.pem"]);
    make(&[
        "-subj",
        "/CN=localhost",
        "-extensions",
        "server",
        "-keyout",
        "key.pem",
        "-out",
        "certificate.pem",
        "-CA",
        "authority.pem",
        "-CAkey",
        "authority.key",
    ]);
}

/// Numbers of the user who runs both; `None` where there is none, or we are not root.
fn user() -> Option<(u32, u32)> {
    let root = Command::new("id").arg("-u").output().ok()?;
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let line = users.lines().find_map(|line| line.strip_prefix(USER)?.strip_prefix(':'))?;
    let mut fields = line.split(':').skip(1).map(str::parse);
    let numbers = (fields.next()?.ok()?, fields.next()?.ok()?);
    (root.stdout == b"0\n").then_some(numbers)
}
