use std::io::Read;
use std::net::{Ipv4Addr, TcpStream};
use std::ops::Deref;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use url::Url;

use crate::database::mysql;
use crate::place::Place;
use crate::port::Port;
use crate::program::{Program, run};
use crate::server::Launch;
use crate::variables::{self, Shared};
use crate::{Error, Options, Server};

static SHARED: Shared<MariaDb> = Shared::new();

/// A MariaDB server. Its superuser is `root`, without a password; it has an empty database `test`.
#[derive(Debug)]
pub struct MariaDb(Server);

impl MariaDb {
    /// Starts one with [`Options::throwaway`].
    ///
    /// # Errors
    /// When MariaDB is not installed, or does not start.
    pub fn start() -> Result<Self, Error> {
        Self::start_with(&Options::throwaway())
    }

    /// Starts one.
    ///
    /// # Errors
    /// When MariaDB is not installed, or does not start.
    pub fn start_with(options: &Options) -> Result<Self, Error> {
        let server = program("mariadbd").find()?;
        let install = program("mariadb-install-db").find()?;
        let place = Place::new("KILL")?;
        let port = Port::free()?;
        let data = place.path().join("data").display().to_string();
        // It refuses root unless told that it is meant.
        let user = rustix::process::getuid().is_root().then_some("--user=root");

        run(Command::new(install)
            .args(["--no-defaults", "--auth-root-authentication-method=normal"])
            .args(["--skip-test-db", "--skip-log-bin"])
            .arg(format!("--datadir={data}"))
            .args(user)
            // Each server that starts removes the temporary tables of others from the directory for all.
            .env("TMPDIR", place.path())
            .current_dir(place.path()))?;
        let test = place.path().join("data/test");
        std::fs::create_dir(&test).map_err(Error::at(&test))?;

        let mut command = vec![server.display().to_string(), "--no-defaults".to_owned()];
        command.extend(user.map(String::from));
        command.push(format!("--datadir={data}"));
        command.push(format!("--tmpdir={}", place.path().display()));
        command.push(format!("--port={}", port.number()));
        command.extend(SETTINGS.map(String::from));
        let durability = if options.durable { DURABLE } else { THROWAWAY };
        command.extend(durability.map(String::from));
        if let Some(files) = &options.tls {
            let [certificate, key] = files.write(place.path())?;
            command.push("--ssl".to_owned());
            command.push(format!("--ssl-cert={}", certificate.display()));
            command.push(format!("--ssl-key={}", key.display()));
        }
        command.extend(options.arguments.iter().cloned());
        let url = format!("mysql://root@127.0.0.1:{}/test?ssl-mode=disabled", port.number());
        let launch = Launch { place, ports: vec![port], command, url, answers };
        Server::start(launch).map(Self)
    }

    /// The URL of the server in [`variables::MYSQL`], or of one that lives as long as this process.
    ///
    /// # Errors
    /// When none is named and none can be started.
    pub fn shared() -> Result<&'static str, Error> {
        variables::shared(&SHARED, variables::MYSQL, || {
            Self::start().map(|server| (server.url().to_owned(), server))
        })
    }
}

impl MariaDb {
    /// Whether it is carrying a transaction out, perhaps for somebody who is there no more.
    ///
    /// # Errors
    /// When it does not answer.
    pub fn is_busy(&self) -> Result<bool, Error> {
        let url = Url::parse(self.url()).map_err(|error| Error::failed("its URL", error))?;
        // It repeats what it said before unless nobody has asked for a tenth of a second.
        sleep(Duration::from_millis(120));
        Ok(mysql(&url, "SELECT COUNT(*) FROM information_schema.innodb_trx")? != "0")
    }
}

impl Deref for MariaDb {
    type Target = Server;

    fn deref(&self) -> &Server {
        &self.0
    }
}

pub(crate) fn program(name: &'static str) -> Program {
    Program {
        name,
        packages: "mariadb-server-core mariadb-client-core",
        variable: variables::MYSQL,
    }
}

const SETTINGS: [&str; 9] = [
    "--bind-address=127.0.0.1",
    // Beside the data, where it is found by that, however long the path.
    "--socket=m.sock",
    "--pid-file=m.pid",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--max-connections=400",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=48M",
    "--loose-skip-ssl",
];

const DURABLE: [&str; 2] = ["--innodb-flush-log-at-trx-commit=1", "--innodb-flush-method=fsync"];

const THROWAWAY: [&str; 2] = ["--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync"];

/// It greets whoever connects, once it has recovered.
fn answers(_pid: u32, _place: &Place, port: u16) -> bool {
    let Ok(mut client) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else {
        return false;
    };
    let limit = client.set_read_timeout(Some(Duration::from_secs(1)));
    limit.is_ok() && client.read_exact(&mut [0; 5]).is_ok()
}
