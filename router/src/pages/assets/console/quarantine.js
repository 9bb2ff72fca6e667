// What could not be read: looked at, repaired, and read again.

import { api, notice, say, setText } from "../page/dom.js";
import { Dialog } from "../page/dialog.js";
import { Table } from "../page/table.js";
import { plain } from "../page/text.js";
import "./externals.js";

let open;
const table = new Table("quarantine", {
  row(root, item) {
    root.querySelector("[data-do=look]").onclick = () => {
      open = item;
      setText(dialog.slots.cause, plain(item.cause));
      dialog.show(String(item.id), { body: item.raw });
    };
  },
});

const dialog = new Dialog("repair", async ({ body }) => {
  // What nobody touched is read as it came, byte for byte.
  const { events } = await api("POST", `/v1/quarantine/${open.id}/replay`, body === open.raw.replaceAll("\r\n", "\n") ? {} : { body });
  notice(say("read-again", { count: events }));
  table.load();
});

table.load();
