// An echo worker over long polls. Node 18 or newer, nothing to install but a TypeScript compiler.
//
// BLENDLINE_URL=http://127.0.0.1:8080 BLENDLINE_KEY=blk_… BLENDLINE_WORKER=echo node worker.js
declare const process: { env: Record<string, string | undefined> };
type Line = { seq: number; from: string; text?: string };
type Task = { id: string; lease: number; messages: Line[] };
type Frame = { type: "welcome"; tasks: Task[] } | { type: "assigned"; task: Task } | { type: "other" };

const { BLENDLINE_URL: url, BLENDLINE_KEY: key, BLENDLINE_WORKER: name } = process.env;

async function post<T>(path: string, body: unknown): Promise<T> {
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  const answer = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
  const text = await answer.text(); // A problem document says what is wrong and what to do.
  if (!answer.ok) throw new Error(text);
  return (text ? JSON.parse(text) : null) as T;
}

async function work(task: Task): Promise<void> {
  const said = [...task.messages].reverse().find((line) => line.from === "customer")?.text;
  // The key makes a repeated call harmless: the same key is the same reply.
  const reply = { key: `echo-${task.lease}`, content: { type: "text", text: `You said: ${said}` } };
  const verdict = { verdict: "done", disposition: "answered" };
  // What the customer wrote after `seen` brings the task back instead of closing it unread.
  const seen = Math.max(0, ...task.messages.map((line) => line.seq));
  const settle = { worker: name, lease: task.lease, verdict, replies: [reply], seen };
  await post(`/v1/tasks/${task.id}/settle`, settle);
}

for (let session: string | null = null; ; ) {
  try {
    const poll = { session, wait_s: 25, accept: "auto" };
    const brought: { session: string; frames: Frame[] } = await post(`/v1/workers/${name}/poll`, poll);
    session = brought.session;
    for (const frame of brought.frames) {
      for (const task of frame.type === "welcome" ? frame.tasks : frame.type === "assigned" ? [frame.task] : []) await work(task);
    }
  } catch (error) { // The router restarts, or this connection ended: what was ours is in the next welcome.
    console.error(String(error));
    session = null;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
export {};
