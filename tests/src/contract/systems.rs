//! What every record of systems that sign must do: nobody loses a change of keys, and no key is in the log.

use blendline_router::people::audit::Check;
use blendline_router::ports::outlets::SigningKey;
use blendline_router::ports::people::{Deed, People};
use blendline_router::ports::systems::{SystemKeys, Systems};
use blendline_wire::TenantId;

use super::rows::{NOW, TENANT};
use super::store::StoreWorld;

fn keys(system: &str, version: u32, secret: &str) -> SystemKeys {
    let keys = vec![SigningKey { secret: secret.into(), until: Some(NOW) }];
    SystemKeys { tenant: TENANT, system: system.into(), version, keys, created_at: NOW }
}

/// A change follows the one before it; tenants and systems are apart, and what is removed is gone.
pub async fn keeps_keys_of_systems<W: StoreWorld<Store: Systems + People>>(world: &W) {
    let store = world.open().await;
    let deed = Deed { at: NOW, actor: "key ops".into(), what: "system_key_rotated" };
    assert!(!store.put_system(&keys("erp", 2, "whsec_Y2FuYXJ5"), &deed).await.unwrap(), "there is none before it");
    assert!(store.put_system(&keys("erp", 1, "whsec_Y2FuYXJ5"), &deed).await.unwrap());
    assert!(!store.put_system(&keys("erp", 1, "whsec_b3RoZXI="), &deed).await.unwrap());
    let (one, other) = (keys("erp", 2, "whsec_b25l"), keys("erp", 2, "whsec_dHdv"));
    let (first, second) = tokio::join!(store.put_system(&one, &deed), store.put_system(&other, &deed));
    assert_ne!(first.unwrap(), second.unwrap(), "of two changes one is told that another was quicker");
    let foreign = SystemKeys { tenant: TenantId(8), ..keys("erp", 1, "whsec_Y2FuYXJ5") };
    assert!(store.put_system(&foreign, &deed).await.unwrap());
    assert!(store.put_system(&keys("crm", 1, "whsec_Y2FuYXJ5"), &deed).await.unwrap());
    drop(store);
    let store = world.open().await;
    let found = store.system(TENANT, "erp").await.unwrap().unwrap();
    assert!(found == one || found == other, "{found:?}");
    let names: Vec<String> = store.systems(TENANT).await.unwrap().into_iter().map(|keys| keys.system).collect();
    assert_eq!(names, ["crm", "erp"]);

    assert!(store.remove_system(TENANT, "erp", &deed).await.unwrap());
    assert!(!store.remove_system(TENANT, "erp", &deed).await.unwrap());
    assert_eq!(store.system(TENANT, "erp").await.unwrap(), None);
    assert_eq!(store.system(TenantId(8), "erp").await.unwrap(), Some(foreign));
    let entries = store.audit(TENANT, 0, 99).await.unwrap();
    Check::default().entries(&entries).unwrap();
    assert!(entries.len() >= 4 && !serde_json::to_string(&entries).unwrap().contains("whsec_"), "{entries:?}");
}
