//! A SOCKS5 proxy that reaches some of the addresses of a host.

use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// The reply of a proxy to a request for an address (RFC 1928 §6).
#[derive(Clone, Copy)]
enum Reply {
    Status(u8),
    /// None, until the client gives up.
    Silence,
}

const OK: Reply = Reply::Status(0);
const UNREACHABLE: Reply = Reply::Status(4);

/// Serves one request after the other with these replies, and records the requested addresses.
async fn serve(proxy: TcpListener, replies: Vec<Reply>, asked: Arc<Mutex<Vec<IpAddr>>>) {
    for reply in replies {
        let (mut client, _) = proxy.accept().await.unwrap();
        let mut greeting = [0; 3];
        client.read_exact(&mut greeting).await.unwrap();
        client.write_all(&[5, 0]).await.unwrap();
        let mut request = [0; 4];
        client.read_exact(&mut request).await.unwrap();
        let address = if request[3] == 1 {
            let mut address = [0; 4];
            client.read_exact(&mut address).await.unwrap();
            IpAddr::from(address)
        } else {
            let mut address = [0; 16];
            client.read_exact(&mut address).await.unwrap();
            IpAddr::from(address)
        };
        asked.lock().unwrap().push(address);
        assert_eq!(client.read_u16().await.unwrap(), 443);
        if let Reply::Status(status) = reply {
            let reply = [5, status, 0, 1, 0, 0, 0, 0, 0, 0];
            client.write_all(&reply).await.unwrap();
        }
        // Until the client closes the connection.
        let _ = tokio::io::copy(&mut client, &mut tokio::io::sink()).await;
    }
}

/// The result for a host with these addresses, and those that the proxy was asked for.
async fn tunnelled(addresses: &[&str], replies: &[Reply]) -> (Result<(), ProxyError>, Vec<IpAddr>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("socks5://{}", listener.local_addr().unwrap());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    let dialer = ProxyDialer::new(&url.parse().unwrap(), tls);
    let proxy = dialer.intercept(&Uri::from_static("https://api.example/"));
    let target = |address: &&str| format!("https://{address}:443/").parse().unwrap();
    let targets = addresses.iter().map(target).collect();
    let asked = Arc::<Mutex<Vec<IpAddr>>>::default();
    let served = tokio::spawn(serve(listener, replies.to_vec(), Arc::clone(&asked)));
    let attempt = Arc::new(Attempt::new(Duration::from_secs(2)));
    let tunnel = attempt.scope(proxy.unwrap().first_tunnel(targets)).await;
    // It may wait for a request that does not come.
    served.abort();
    let asked = asked.lock().unwrap().clone();
    (tunnel.map(drop), asked)
}

#[tokio::test]
async fn the_next_address_is_tried_where_the_proxy_does_not_reach_one() {
    let refused = ProxyError::Refused(None);
    let [a, b, c] = ["[2001:db8::1]", "192.0.2.1", "192.0.2.2"];
    for (addresses, replies, outcome) in [
        (&[a, b][..], &[OK][..], Ok(())),
        (&[a, b], &[UNREACHABLE, OK], Ok(())),
        (&[a, b, c], &[UNREACHABLE, UNREACHABLE, OK], Ok(())),
        (&[a, b], &[UNREACHABLE, UNREACHABLE], Err(refused)),
        (&[a], &[UNREACHABLE], Err(refused)),
        (&[a, b], &[Reply::Silence, OK], Ok(())),
    ] {
        let (found, asked) = tunnelled(addresses, replies).await;
        assert_eq!(found, outcome, "{addresses:?}");
        let expected = addresses.iter().take(replies.len());
        let expected = expected.map(|address| address.trim_matches(['[', ']']).parse().unwrap());
        assert_eq!(asked, expected.collect::<Vec<IpAddr>>());
    }
}
