// A day of work through the client that was made from router/openapi.json; ./test openapi makes, checks and runs it.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

declare const process: { env: Record<string, string>; exit(code: number): never };

const { BLENDLINE_URL: baseUrl, BLENDLINE_KEY: key, BLENDLINE_WORKER_KEY: workerKey } = process.env;
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
const integrator = createClient<paths>({ baseUrl, headers: bearer(key) });
const worker = createClient<paths>({ baseUrl, headers: bearer(workerKey) });

type Problem = components["schemas"]["Problem"];
type Frame = components["schemas"]["ServerFrame"];

function must<T>(answer: { data?: T; error?: Problem }): T {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

function check(holds: boolean, what: unknown): void {
  if (!holds) throw new Error(JSON.stringify(what));
}

const body = { queue: "care", external_ref: "typescript-1", title: "A refund", fields: { order: 12 } };
const task = must(await integrator.POST("/v1/items", { body }));
check(must(await integrator.POST("/v1/items", { body })).id === task.id, task);

const poll = async (session?: string) =>
  must(await worker.POST("/v1/workers/{name}/poll", {
    params: { path: { name: "echo" } },
    body: session ? { session, wait_s: 10 } : { accept: "auto", wait_s: 10 },
  }));
const { session, frames: [welcome, ...frames] } = await poll();
check(welcome.type === "welcome", welcome);
for (let tries = 0; frames.length === 0 && tries < 10; tries++) frames.push(...(await poll(session)).frames);
const lease = (frame: Frame): number => {
  // The compiler knows by the type which frame has a task.
  if (frame.type !== "assigned" || frame.task.id !== task.id) throw new Error(JSON.stringify(frame));
  return frame.task.lease;
};

const settle = (lease: number) =>
  worker.POST("/v1/tasks/{id}/settle", {
    params: { path: { id: task.id } },
    body: { worker: "echo", lease, verdict: { verdict: "done", disposition: "answered" } },
  });
check((await settle(lease(frames[0]))).response.status === 204, frames);
const refused = await settle(99);
check(refused.error?.code === "fenced" && refused.response.status === 409, refused.error);

const page = must(await integrator.GET("/v1/tasks", { params: { query: { queue: "care", limit: 200 } } }));
const own = page.items.find((one) => one.id === task.id);
check(own?.state === "closed" && own.closed === "solved" && page.next === null, page);
const events = must(await integrator.GET("/v1/events", { params: { query: { limit: 200 } } })).items;
const solved = events.filter((event) => event.event === "task_solved" && event.task === task.id);
check(solved.length === 1, events);
const missing = await integrator.GET("/v1/tasks/{id}", { params: { path: { id: "tsk_1" } } });
check(missing.error?.code === "unknown_task", missing.error);
console.log(`typescript: ${task.id} is solved`);
