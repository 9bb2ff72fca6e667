//! Hashes by which the record recognises things: 16 bytes of SHA-256 (P3), so that platform texts need no index.

use blendline_cases::systems::ExternalEvent;
use blendline_wire::outbound::Content;
use blendline_wire::{
    AccountId, CaseId, ContactKey, DecisionId, ExternalId, ImprovementId, Millis, TaskId, TenantId, WorkerId,
};
use sha2::{Digest, Sha256};

/// A hash as the record keeps it.
pub(crate) type Key = [u8; 16];

/// Every part is preceded by its length, so that no two lists of parts are one list of bytes.
fn hash(kind: &str, parts: &[&[u8]]) -> Key {
    let mut sha = Sha256::new();
    for part in std::iter::once(&kind.as_bytes()).chain(parts) {
        sha.update((part.len() as u64).to_be_bytes());
        sha.update(part);
    }
    let mut key = Key::default();
    key.copy_from_slice(&sha.finalize()[..16]);
    key
}

/// Recognises a second delivery of the same happening.
pub(crate) fn event(tenant: TenantId, account: Option<AccountId>, duplicate_key: &str) -> Key {
    // No account has the number 0: counters begin at 1.
    let account = account.unwrap_or_default().0.to_be_bytes();
    hash("event", &[&tenant.0.to_be_bytes(), &account, duplicate_key.as_bytes()])
}

/// Recognises an address of a contact.
pub(crate) fn address(tenant: TenantId, account: AccountId, address: &str, thread: Option<&str>) -> Key {
    let thread = thread.unwrap_or_default().as_bytes();
    hash("address", &[&tenant.0.to_be_bytes(), &account.0.to_be_bytes(), address.as_bytes(), thread])
}

/// The contact whose first address this is.
pub(crate) fn contact(address: Key) -> ContactKey {
    ContactKey(u128::from_be_bytes(address))
}

/// Recognises a reply that is said again.
pub(crate) fn reply(task: TaskId, key: &str) -> Key {
    hash("reply", &[&task.0.to_be_bytes(), key.as_bytes()])
}

/// Recognises an item that is pushed again.
pub(crate) fn push(tenant: TenantId, external_ref: &str) -> Key {
    hash("push", &[&tenant.0.to_be_bytes(), external_ref.as_bytes()])
}

/// The case that is opened under this key of its caller's.
pub(crate) fn case(tenant: TenantId, key: &str) -> CaseId {
    CaseId(u128::from_be_bytes(hash("case", &[&tenant.0.to_be_bytes(), key.as_bytes()])))
}

/// Recognises what is asked of a case again.
pub(crate) fn case_call(case: CaseId, key: &str) -> Key {
    hash("case_call", &[&case.0.to_be_bytes(), key.as_bytes()])
}

/// Tells whether what is asked of a case under a key is the same.
pub(crate) fn case_command(command: &blendline_cases::Command) -> Key {
    // Writing this type to memory cannot fail: its maps have texts as keys.
    hash("case_command", &[&serde_json::to_vec(command).unwrap_or_default()])
}

/// Recognises an event of another system that is told again.
pub(crate) fn external(event: &ExternalEvent) -> Key {
    hash("external", &[&event.tenant.0.to_be_bytes(), event.system.as_bytes(), event.id.as_bytes()])
}

/// The name of an event of another system: by what the system calls it and by what it says.
pub(crate) fn external_id(event: &ExternalEvent) -> ExternalId {
    // Writing this type to memory cannot fail: its maps have texts as keys.
    let says = serde_json::to_vec(event).unwrap_or_default();
    ExternalId(u128::from_be_bytes(hash("external_id", &[&external(event), &says])))
}

/// The case that an event of another system opens.
pub(crate) fn external_case(event: &ExternalEvent) -> CaseId {
    CaseId(u128::from_be_bytes(hash("external_case", &[&external(event)])))
}

/// The decision that is asked for under this key of its caller's.
pub(crate) fn decision(tenant: TenantId, key: &str) -> DecisionId {
    DecisionId(u128::from_be_bytes(hash("decision", &[&tenant.0.to_be_bytes(), key.as_bytes()])))
}

/// The improvement that is written down under this key of its caller's.
pub(crate) fn improvement(tenant: TenantId, key: &str) -> ImprovementId {
    ImprovementId(u128::from_be_bytes(hash("improvement", &[&tenant.0.to_be_bytes(), key.as_bytes()])))
}

/// Recognises a contact that a worker logs again.
pub(crate) fn log(worker: WorkerId, key: &str) -> Key {
    hash("log", &[&worker.0.to_be_bytes(), key.as_bytes()])
}

/// Recognises a conversation that a worker begins again.
pub(crate) fn start(address: Key, key: &str) -> Key {
    hash("start", &[&address, key.as_bytes()])
}

/// Tells whether the words under a key are the same words.
pub(crate) fn content(content: &Content) -> Key {
    // Writing this type to memory cannot fail: it holds no map.
    hash("content", &[&serde_json::to_vec(content).unwrap_or_default()])
}

/// Tells an item from others by what it is about: the same every time it is pushed.
pub(crate) fn item(title: &str) -> Key {
    hash("item", &[title.as_bytes()])
}

/// A mark of a mailbox in what is sent to it. Without regard to case, for mail servers change it.
pub(crate) fn mailbox(address: &str) -> [u8; 8] {
    short(hash("mailbox", &[address.trim().to_lowercase().as_bytes()]))
}

/// A mark of what was said and when, which nobody can guess who was not told.
pub(crate) fn said(at: Millis, words: &Content) -> [u8; 8] {
    short(hash("said", &[&at.0.to_be_bytes(), &content(words)]))
}

fn short(key: Key) -> [u8; 8] {
    std::array::from_fn(|at| key[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_between_parts_count() {
        assert_ne!(hash("k", &[b"ab", b"c"]), hash("k", &[b"a", b"bc"]));
        assert_ne!(event(TenantId(1), None, "x"), event(TenantId(1), Some(AccountId(1)), "x"));
        assert_ne!(reply(TaskId(1), "x"), push(TenantId(1), "x"));
    }

    #[test]
    fn the_bytes_are_pinned_because_the_record_outlives_the_program() {
        let key = event(TenantId(1), Some(AccountId(2)), "message\u{1f}wamid.X\u{1f}");
        assert_eq!(hex::encode(key), "f04d365fa3b634bec32b8b0c08c5a215");
    }
}
