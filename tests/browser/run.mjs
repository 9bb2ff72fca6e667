// Drives the pages in Chromium against the real program: `npm ci && node run.mjs`.
//
//   BLENDLINE_PROGRAM   the program; else the workspace's debug build
//   BLENDLINE_SHOTS     a directory for photographs, to be looked at
//   CHROMIUM            another browser than Debian's
//
// `node --test-name-pattern=words run.mjs` runs some. Every test has a bound and says what it waited for.

import "./words.mjs";
import "./chat.mjs";
import "./desk.mjs";
import "./private.mjs";
import "./beside.mjs";
import "./asked.mjs";
import "./macros.mjs";
import "./worklist.mjs";
import "./cases.mjs";
import "./journey.mjs";
import "./decide.mjs";
import "./reviews.mjs";
import "./improvements.mjs";
import "./systems.mjs";
import "./console.mjs";
import "./day.mjs";
import "./door.mjs";
import "./install.mjs";
import "./push.mjs";
import "./hostile.mjs";
import "./weight.mjs";
import "./photographs.mjs";
import "./every.mjs";
