//! A private Glewlwyd, a small provider of OpenID Connect that Debian has, on a database of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::program::Program;
use crate::http::{self, Reply};
use crate::process::{Scratch, free_addr};

const READY_WITHIN: Duration = Duration::from_secs(40);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// The tables and the first administrator, as the package brings them.
const TABLES: &str = "/usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz";
/// The administrator's password in those.
const FIRST_PASSWORD: &str = "password";
/// The name of its cookie in our configuration.
const COOKIE: &str = "G";

/// What the code flow with PKCE wants.
const ON: &[&str] = &[
    "refresh-token-rolling",
    "auth-type-code-enabled",
    "auth-type-id-token-enabled",
    "jwks-show",
    "pkce-allowed",
    "pkce-required",
];
/// Everything else.
const OFF: &[&str] = &[
    "allow-non-oidc",
    "auth-type-token-enabled",
    "auth-type-none-enabled",
    "auth-type-password-enabled",
    "auth-type-client-enabled",
    "auth-type-device-enabled",
    "auth-type-refresh-enabled",
    "request-parameter-allow",
    "pkce-method-plain-allowed",
    "introspection-revocation-allowed",
    "register-client-allowed",
    "session-management-allowed",
];

/// A server and its data.
#[derive(Debug)]
pub struct Glewlwyd {
    addr: SocketAddr,
    _server: Program,
    /// Removed after the server has ended.
    _scratch: Scratch,
}

/// Somebody's session there.
#[derive(Debug)]
pub struct Visitor {
    addr: SocketAddr,
    cookie: String,
}

/// True when it is installed, with what makes its keys.
pub fn is_installed() -> bool {
    Path::new("/usr/bin/glewlwyd").exists() && Path::new(TABLES).exists() && Path::new("/usr/bin/openssl").exists()
}

impl Glewlwyd {
    /// Starts a server that lets a client in with its `(id, secret)` and comes back to `redirect`. It signs by RS256, has
    /// PKCE on, and tells each user's name and groups.
    pub async fn start((client, secret): (&str, &str), redirect: &str) -> Self {
        let (scratch, addr) = (Scratch::new("glewlwyd"), free_addr());
        let config = scratch.path().join("glewlwyd.conf");
        std::fs::write(&config, configuration(addr, scratch.path())).unwrap();
        let tables = Command::new("gzip").args(["-dc", TABLES]).output().unwrap();
        let database = rusqlite::Connection::open(scratch.path().join("db")).unwrap();
        database.execute_batch(&String::from_utf8(tables.stdout).unwrap()).unwrap();
        drop(database);
        let argument = format!("--config-file={}", config.display());
        let mut server = Program::new("glewlwyd").args(&[argument]).log_to(&scratch.path().join("log")).start();
        let begin = Instant::now();
        while std::net::TcpStream::connect(addr).is_err() {
            server.assert_running();
            assert!(begin.elapsed() < READY_WITHIN, "Glewlwyd took too long to start:\n{}", server.log());
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let glewlwyd = Self { addr, _server: server, _scratch: scratch };
        glewlwyd.set_up((client, secret), redirect).await;
        glewlwyd
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its issuer.
    pub fn issuer(&self) -> String {
        format!("http://{}/api/oidc", self.addr)
    }

    /// Adds somebody.
    pub async fn add(&self, name: &str, password: &str, groups: &[&str]) {
        let admin = self.sign_in("admin", FIRST_PASSWORD).await;
        let user = json!({
            "username": name, "name": name, "email": format!("{name}@acme.example"), "enabled": true,
            "password": password, "scope": ["openid"], "groups": groups,
        });
        admin.must("POST", "/api/user/", &user).await;
    }

    /// Signs somebody in there, as its own page does.
    pub async fn sign_in(&self, name: &str, password: &str) -> Visitor {
        let mut visitor = Visitor { addr: self.addr, cookie: String::new() };
        let reply = visitor.must("POST", "/api/auth/", &json!({ "username": name, "password": password })).await;
        let cookie = reply.header("set-cookie").expect("a cookie");
        visitor.cookie = cookie.split(';').next().unwrap().to_owned();
        visitor
    }

    async fn set_up(&self, (client, secret): (&str, &str), redirect: &str) {
        let admin = self.sign_in("admin", FIRST_PASSWORD).await;
        admin.must("POST", "/api/mod/plugin/", &self.plugin()).await;
        let mut users = admin.must("GET", "/api/mod/user/database", &Value::Null).await.json();
        users["parameters"]["data-format"]["groups"] =
            json!({ "multiple": true, "read": true, "write": true, "profile-read": true, "profile-write": false });
        admin.must("PUT", "/api/mod/user/database", &users).await;
        admin.must("PUT", "/api/mod/reload/", &Value::Null).await;
        let client = json!({
            "client_id": client, "name": client, "confidential": true, "enabled": true, "password": secret,
            "redirect_uri": [redirect], "authorization_type": ["code"], "scope": [],
            "token_endpoint_auth_method": ["client_secret_basic"],
        });
        admin.must("POST", "/api/client/", &client).await;
    }

    fn plugin(&self) -> Value {
        let (private, public) = key();
        let claim = |name: &str, property: &str| {
            json!({ "name": name, "type": "string", "user-property": property, "on-demand": false,
                "mandatory": true, "scope": ["openid"] })
        };
        let mut parameters = json!({
            "iss": self.issuer(), "jwt-type": "rsa", "jwt-key-size": "256", "key": private, "cert": public,
            "access-token-duration": 3600, "refresh-token-duration": 3600, "code-duration": 600,
            "scope": [{ "name": "openid", "refresh-token-rolling": true }], "allowed-scope": ["openid"],
            "claims": [claim("groups", "groups"), claim("preferred_username", "username")],
            "additional-parameters": [], "jwks-x5c": [], "subject-type": "public", "address-claim": { "type": "no" },
        });
        for name in ["name-claim", "email-claim", "scope-claim"] {
            parameters[name] = json!("no");
        }
        for name in ["service-documentation", "op-policy-uri", "op-tos-uri"] {
            parameters[name] = json!("");
        }
        for name in ON {
            parameters[*name] = json!(true);
        }
        for name in OFF {
            parameters[*name] = json!(false);
        }
        json!({ "module": "oidc", "name": "oidc", "display_name": "oidc", "parameters": parameters })
    }
}

impl Visitor {
    /// Agrees that a client learns who he is.
    pub async fn agree(&self, client: &str) {
        self.must("PUT", &format!("/api/auth/grant/{client}"), &json!({ "scope": "openid" })).await;
    }

    /// Opens a page of the provider.
    pub async fn open(&self, path: &str) -> Reply {
        self.call("GET", path, &Value::Null).await
    }

    async fn must(&self, method: &str, path: &str, body: &Value) -> Reply {
        let reply = self.call(method, path, body).await;
        assert_eq!(reply.status, 200, "{method} {path}: {}", reply.text());
        reply
    }

    async fn call(&self, method: &str, path: &str, body: &Value) -> Reply {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let headers = [("cookie", self.cookie.as_str()), ("content-type", "application/json")];
        http::once(self.addr, &http::request(method, path, &headers, body.as_bytes())).await.unwrap()
    }
}

/// A new RSA key, private and public.
fn key() -> (String, String) {
    let openssl = |arguments: &[&str], input: &[u8]| {
        let mut command = Command::new("openssl");
        command.args(arguments).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut child = command.stderr(std::process::Stdio::null()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    };
    let private = openssl(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], b"");
    let public = openssl(&["pkey", "-pubout"], private.as_bytes());
    (private, public)
}

fn configuration(addr: SocketAddr, directory: &Path) -> String {
    format!(
        r#"port={port}
bind_address="127.0.0.1"
external_url="http://{addr}/"
login_url="login.html"
api_prefix="api"
log_mode="console"
log_level="WARNING"
cookie_secure=0
session_expiration=3600
session_key="{COOKIE}"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="/usr/lib/glewlwyd/user"
client_module_path="/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
plugin_module_path="/usr/lib/glewlwyd/plugin"
hash_algorithm="SHA512"
database = {{ type = "sqlite3"; path = "{directory}/db"; }};
"#,
        port = addr.port(),
        directory = directory.display(),
    )
}
