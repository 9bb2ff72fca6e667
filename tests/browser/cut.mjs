// A wire with faults: a browser reaches the router only through it.

import { once } from "node:events";
import net from "node:net";

/** A wire to the local port that `to()` gives; it may be laid before the router is there. */
export async function wire(to) {
  const open = new Set();
  const faults = { cut: false, silent: false, refused: null, lost: null, losses: 0 };

  /** Passes on what `one` says, as far as the faults let it. */
  const pass = (one, other, upwards) => {
    open.add(one);
    one.on("error", () => {});
    one.on("close", () => {
      open.delete(one);
      // A wire that went silent tells neither end that the other is gone.
      if (!one.lost) other.destroy();
    });
    one.on("data", (data) => {
      if (faults.silent) one.lost = other.lost = true;
      if (one.lost) return;
      if (upwards && faults.refused?.test(data.toString("latin1"))) return one.destroy();
      if (!upwards && faults.losses > 0 && faults.lost.test(data.toString("latin1"))) {
        faults.losses--;
        return one.destroy();
      }
      other.write(data);
    });
  };
  const server = net.createServer((near) => {
    if (faults.cut) return near.destroy();
    const far = net.connect(to(), "127.0.0.1");
    pass(near, far, true);
    pass(far, near, false);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const destroyAll = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    url: `http://localhost:${server.address().port}`,
    /** Ends what is open and lets nothing new through. */
    cut() {
      faults.cut = true;
      destroyAll();
    },
    /** Swallows everything on what is open and says nothing: a network that is gone without a word. */
    silence() {
      faults.silent = true;
      for (const socket of open) socket.lost = true;
    },
    /** New connections get through again. */
    mend() {
      faults.cut = faults.silent = false;
    },
    /** Ends every connection on which a browser says something like `pattern`; `null` ends that. */
    refuse(pattern) {
      faults.refused = pattern;
    },
    /** Ends the connections on which the router next says something like `pattern`, and passes it on to nobody. */
    lose(pattern, times = 1) {
      faults.lost = pattern;
      faults.losses = times;
    },
    stop() {
      faults.cut = true;
      for (const socket of open) {
        socket.lost = false;
        socket.destroy();
      }
      server.close();
    },
  };
}
