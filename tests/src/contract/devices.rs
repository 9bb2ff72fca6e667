//! What every record of devices must do: one key for all, an endpoint belongs to one, and what is gone is forgotten.

use blendline_router::people::audit::Check;
use blendline_router::ports::devices::{DEVICES_MAX, Device, Devices, PushKeys, Tried, device_id};
use blendline_router::ports::people::{Deed, People};
use blendline_wire::{Millis, TenantId, WorkerId};

use super::rows::{NOW, TENANT};
use super::store::StoreWorld;

const DANA: WorkerId = WorkerId(1);
const OTHER: TenantId = TenantId(8);

/// A device of a user who is this worker.
pub fn device(tenant: TenantId, user: &str, worker: WorkerId, n: u64) -> Device {
    let endpoint = format!("https://push.example/send/{n}");
    Device {
        id: device_id(&endpoint),
        tenant,
        user: user.to_owned(),
        worker,
        endpoint: endpoint.into(),
        p256dh: format!("key-{n}").into(),
        auth: "secret".into(),
        lang: "he".into(),
        created_at: NOW.plus(n),
        taken_at: None,
        failures: 0,
    }
}

/// Keys, as they could be.
pub fn keys(made_at: u64) -> PushKeys {
    PushKeys { public: vec![4, 0, 255], private: made_at.to_be_bytes().to_vec(), made_at: Millis(made_at) }
}

fn deed(what: &'static str) -> Deed {
    Deed { at: NOW, actor: "user דנה".into(), what }
}

/// Whoever comes first makes the keys, and they stay.
pub async fn keeps_keys<W: StoreWorld<Store: Devices>>(world: &W) {
    let store = world.open().await;
    let (one, other) = (keys(1), keys(2));
    let (first, second) = tokio::join!(store.push_keys(&one), store.push_keys(&other));
    let first = first.unwrap();
    assert_eq!(second.unwrap(), first);
    assert!(first == one || first == other);
    drop(store);
    let store = world.open().await;
    assert_eq!(store.push_keys(&keys(3)).await.unwrap(), first);
}

/// A device is put in, said again, taken over by who signs in there next, and forgotten; tenants and people are apart.
pub async fn keeps_devices<W: StoreWorld<Store: Devices + People>>(world: &W) {
    let store = world.open().await;
    let (added, removed) = (deed("push_device_added"), deed("push_device_removed"));
    let first = device(TENANT, "דנה", DANA, 1);
    assert!(store.put_device(&first, &added).await.unwrap());
    assert!(store.put_device(&device(TENANT, "דנה", DANA, 2), &added).await.unwrap());
    assert!(store.put_device(&device(OTHER, "דנה", DANA, 3), &added).await.unwrap());
    drop(store);
    let store = world.open().await;
    let found = store.devices_of_worker(TENANT, DANA).await.unwrap();
    assert_eq!(found, [first.clone(), device(TENANT, "דנה", DANA, 2)]);
    assert_eq!(store.devices_of_user(TENANT, "דנה").await.unwrap(), found);
    assert!(store.devices_of_user(TENANT, "noa").await.unwrap().is_empty());
    assert!(store.devices_of_worker(TENANT, WorkerId(2)).await.unwrap().is_empty());

    store.note_device(first.id, Tried::Failed).await.unwrap();
    store.note_device(first.id, Tried::Failed).await.unwrap();
    assert_eq!(store.devices_of_worker(TENANT, DANA).await.unwrap()[0].failures, 2);
    store.note_device(first.id, Tried::Taken(Millis(77))).await.unwrap();
    let taken = &store.devices_of_worker(TENANT, DANA).await.unwrap()[0];
    assert_eq!((taken.failures, taken.taken_at), (0, Some(Millis(77))));

    let again = Device { lang: "en".into(), worker: WorkerId(5), created_at: NOW.plus(99), ..first.clone() };
    assert!(!store.put_device(&again, &added).await.unwrap(), "it was his before");
    let wanted = Device { created_at: first.created_at, taken_at: Some(Millis(77)), ..again };
    assert_eq!(store.devices_of_worker(TENANT, WorkerId(5)).await.unwrap(), [wanted]);

    let noas = device(TENANT, "noa", WorkerId(2), 1);
    assert!(store.put_device(&noas, &added).await.unwrap(), "the same browser, and somebody else");
    assert_eq!(store.devices_of_user(TENANT, "דנה").await.unwrap().len(), 1);
    assert_eq!(store.devices_of_user(TENANT, "noa").await.unwrap(), std::slice::from_ref(&noas));

    assert!(!store.remove_device(TENANT, "דנה", noas.id, &removed).await.unwrap(), "not his");
    assert!(!store.remove_device(OTHER, "noa", noas.id, &removed).await.unwrap(), "not this tenant's");
    assert!(store.remove_device(TENANT, "noa", noas.id, &removed).await.unwrap());
    assert!(!store.remove_device(TENANT, "noa", noas.id, &removed).await.unwrap());
    store.note_device(device(TENANT, "", DANA, 2).id, Tried::Gone).await.unwrap();
    assert!(store.devices_of_user(TENANT, "דנה").await.unwrap().is_empty());
    store.note_device(noas.id, Tried::Failed).await.unwrap();

    let log = store.audit(TENANT, 0, 100).await.unwrap();
    let what: Vec<&str> = log.iter().map(|entry| entry.what.as_str()).collect();
    assert_eq!(what, ["push_device_added", "push_device_added", "push_device_added", "push_device_removed"]);
    let told = serde_json::to_string(&log).unwrap();
    assert!(!told.contains("push.example") && !told.contains("secret"), "{told}");
    let mut check = Check::default();
    check.entries(&log).unwrap();
}

/// A user has so many and no more: the oldest go.
pub async fn bounds_devices<W: StoreWorld<Store: Devices>>(world: &W) {
    let store = world.open().await;
    let most = DEVICES_MAX as u64;
    for n in 1..=most + 2 {
        store.put_device(&device(TENANT, "dana", DANA, n), &deed("push_device_added")).await.unwrap();
    }
    let found = store.devices_of_user(TENANT, "dana").await.unwrap();
    assert_eq!(found.len(), DEVICES_MAX);
    assert_eq!(found.first().map(|device| device.created_at), Some(NOW.plus(3)));
}
