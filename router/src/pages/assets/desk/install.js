// The desk as an app of its own, which opens with a calm message while the router is away (desk-worker.js).

const WORKER = "/desk-worker.js";

/** The one address that may become a script here: the policy of this page names this and no other policy. */
function trusted(address) {
  const only = (url) => {
    if (url !== WORKER) throw new TypeError(`no worker of the desk: ${url}`);
    return url;
  };
  return globalThis.trustedTypes?.createPolicy("blendline-desk-worker", { createScriptURL: only }).createScriptURL(address) ?? address;
}

/** Once the desk stands; where a browser cannot or may not, the desk is what it always was. */
export function install() {
  if (!navigator.serviceWorker) return;
  const { lang } = document.documentElement;
  const { serviceWorker } = navigator;
  const register = () =>
    serviceWorker
      .register(trusted(WORKER), { scope: "/desk" })
      .then(() => serviceWorker.ready)
      .then(({ active }) => active.postMessage({ lang }))
      .catch(() => {});
  if (document.readyState === "complete") register();
  else addEventListener("load", register, { once: true });
}
