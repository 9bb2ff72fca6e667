//! Several messages in one AMQP message.
//!
//! A confirmed publish costs server and client about 80 us of processor time however small the body is, so what waits
//! while a confirm is out goes together in the next one. A body alone travels as it is; a bundle names itself by its
//! content type and holds, for each body, its length (4 bytes, big-endian) and its bytes.

use bytes::{Buf, Bytes};

use super::BUNDLE_MAX;

/// The content type of a bundle.
pub(super) const CONTENT_TYPE: &str = "application/vnd.blendline.bundle";
/// Bytes before each body.
const HEAD: usize = size_of::<u32>();

/// Puts bodies into one.
pub(super) fn pack<'a>(bodies: impl Iterator<Item = &'a [u8]> + Clone) -> Vec<u8> {
    let size = bodies.clone().map(|body| HEAD + body.len()).sum();
    let mut packed = Vec::with_capacity(size);
    for body in bodies {
        // Bodies are limited to far less than 4 GiB before they come here.
        packed.extend((body.len() as u32).to_be_bytes());
        packed.extend(body);
    }
    packed
}

/// The bodies of a bundle, without copying them; `None` when it is none.
pub(super) fn unpack(mut packed: Bytes) -> Option<Vec<Bytes>> {
    let mut bodies = Vec::new();
    while packed.has_remaining() {
        let size = packed.try_get_u32().ok()? as usize;
        if size > packed.len() || bodies.len() == BUNDLE_MAX {
            return None;
        }
        bodies.push(packed.split_to(size));
    }
    (!bodies.is_empty()).then_some(bodies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        for bodies in [vec![&b"one"[..]], vec![b"one", b"", b"three"], vec![b""; BUNDLE_MAX]] {
            let unpacked = unpack(pack(bodies.iter().copied()).into()).unwrap();
            assert_eq!(unpacked, bodies);
        }
    }

    #[test]
    fn what_is_no_bundle_is_told() {
        let good = pack([&b"one"[..], b"two"].into_iter());
        for cut in 1..good.len() {
            let part = unpack(Bytes::copy_from_slice(&good[..cut]));
            // Cut exactly between two bodies it is a shorter bundle.
            assert_eq!(part.is_some(), cut == HEAD + 3, "{cut} bytes");
        }
        assert_eq!(unpack(Bytes::new()), None);
        assert_eq!(unpack(Bytes::from_static(b"{\"kind\":\"inbound_v1\"}")), None);
        assert_eq!(unpack(Bytes::from_static(&[0xff; 64])), None);
        assert_eq!(unpack(pack(vec![&b""[..]; BUNDLE_MAX + 1].into_iter()).into()), None);
    }
}
