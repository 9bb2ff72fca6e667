// Somebody else's page, with a strict policy of its own, that has the widget's one tag.

import { once } from "node:events";
import http from "node:http";

/** Serves it, for the router at the address that `router()` gives. */
export async function shopOf(router) {
  const server = http.createServer((request, response) => {
    const { searchParams } = new URL(request.url, "http://shop");
    const asked = (name) => (searchParams.get(name) ?? "").replace(/[^\p{L}\p{N} -]/gu, "");
    const lang = asked("lang") || "he";
    const identity = asked("user") && `data-user-id="${asked("user")}" data-user-name="${asked("name")}" data-user-hmac="${asked("hmac")}"`;
    const policy = `default-src 'none'; script-src ${router()}; connect-src ${router()} ${router().replace("http", "ws")}; require-trusted-types-for 'script'`;
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy });
    response.end(`<!doctype html><html lang="${lang}" dir="${lang === "he" ? "rtl" : "ltr"}"><title>${lang === "he" ? "חנות" : "A shop"}</title><meta name="viewport" content="width=device-width"><body><h1>${lang === "he" ? "חנות" : "A shop"}</h1><script src="${router()}/chat/widget.js" data-account="${asked("account")}" ${identity} async></script></body></html>`);
  });
  // Another origin, and yet this machine: Chromium asks before a public site may reach a local one.
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
