// Calls every operation of a site with openapi-fetch, and prints the operations that it has called.

import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

declare const process: { argv: string[] };

const [baseUrl = "", token = "", artifact = ""] = process.argv.slice(2);
const called: string[] = [];
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
client.use({
  onRequest({ request, schemaPath }) {
    called.push(`${request.method} ${schemaPath}`);
  },
});

interface Result<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

function check(claim: boolean, what: unknown): asserts claim {
  if (!claim) throw new Error(JSON.stringify(what));
}

/** The data of a response, which must have the status. */
async function expect<Data>(request: Promise<Result<Data>>, status = 200): Promise<Data> {
  const { data, error, response } = await request;
  check(response.status === status && data !== undefined, [response.url, response.status, error]);
  return data;
}

/** The headers of a response, which must have the status and needs no content. */
async function expectStatus(request: Promise<Result<unknown>>, status: number): Promise<Headers> {
  const { error, response } = await request;
  check(response.status === status, [response.url, response.status, error]);
  return response.headers;
}

async function callTasks(): Promise<void> {
  const key = { "Idempotency-Key": "typescript" };
  const create = () =>
    client.POST("/tasks/", {
      params: { header: key },
      body: { title: "Read a book", due_at: null, priority: 3 },
    });
  const task = await expect(create(), 201);
  check(!Array.isArray(task) && task.due_at === null, task);
  const again = await expect(create(), 201);
  check(!Array.isArray(again) && again.id === task.id, again);
  const due_at = "2030-01-31T12:00:00Z";
  const two = await expect(
    client.POST("/tasks/", { body: [{ title: "One" }, { title: "Two", due_at }] }),
    201,
  );
  check(Array.isArray(two) && two.length === 2, two);

  const query = { search: "o", done: false, ordering: "-due_at", page_size: 1 } as const;
  const page = await expect(client.GET("/tasks/", { params: { query } }));
  check(page.results[0]?.due_at === due_at && page.next !== null, page);
  const cursor = new URL(page.next ?? "").searchParams.get("cursor") ?? "";
  const next = await expect(client.GET("/tasks/", { params: { query: { ...query, cursor } } }));
  check(next.results[0]?.id !== page.results[0]?.id, next);
  const dates = { due_after: "2029-01-01T00:00:00Z", due_before: "2031-01-01T00:00:00Z" };
  const due = await expect(client.GET("/tasks/", { params: { query: { ...dates, priority: 2 } } }));
  check(due.results.every((one) => one.due_at === due_at), due);

  const path = { id: task.id };
  const read = await client.GET("/tasks/{id}/", { params: { path } });
  const etag = read.response.headers.get("ETag") ?? "";
  const unchanged = { "If-None-Match": etag };
  await expectStatus(client.GET("/tasks/{id}/", { params: { path, header: unchanged } }), 304);
  const header = { "If-Match": etag };
  const done = await expect(
    client.PUT("/tasks/{id}/", { params: { path, header }, body: { done: true } }),
  );
  check(done.completed_at !== null && done.title === task.title, done);
  const body = { done: false, due_at: null };
  await expectStatus(client.PATCH("/tasks/{id}/", { params: { path, header }, body }), 412);
  const open = await expect(client.PATCH("/tasks/{id}/", { params: { path }, body }));
  check(open.completed_at === null, open);
  await expectStatus(client.DELETE("/tasks/{id}/", { params: { path } }), 204);
  const cleared = await expect(
    client.DELETE("/tasks/", { params: { query: { updated_since: task.created_at } } }),
  );
  check(cleared.deleted >= 2, cleared);
}

async function callPredictions(): Promise<void> {
  const outputs: ("predict" | "predict_proba")[] = ["predict", "predict_proba"];
  const one = await expect(
    client.POST("/predict/", { params: { query: { outputs } }, body: { X1: "61.1", X2: 17.3 } }),
  );
  check(one.prediction === 2 && one.probabilities !== undefined, one);
  check(!Array.isArray(one.probabilities) && one.probabilities["2"] !== undefined, one);
  const rows = [
    { X1: 5.1, X2: 3.5 },
    { X1: 6.3, X2: 3.3 },
  ];
  const two = await expect(client.POST("/predict/", { body: rows }));
  check(JSON.stringify(two) === '{"predictions":[0,2]}', two);
  const far = { X1: 61.1, X2: 17.3 };
  const refuse = { query: { range: "refuse" } } as const;
  const refused = await client.POST("/predict/", { params: refuse, body: far });
  check(refused.error !== undefined && "X1" in refused.error, refused);
  const report = { query: { range: "report" } } as const;
  const reported = await expectStatus(client.POST("/predict/", { params: report, body: far }), 200);
  check(reported.get("X-Out-Of-Range") === "X1, X2", reported.get("X-Out-Of-Range"));

  const penguin = {
    island: "Dream",
    bill_length_mm: 46.5,
    bill_depth_mm: 17.9,
    flipper_length_mm: 192,
    body_mass_g: null,
    sex: null,
  } as const;
  const penguins = { path: { name: "penguins" } };
  const species = await expect(
    client.POST("/models/{name}/predict/", { params: penguins, body: penguin }),
  );
  check(typeof species.prediction === "string", species);
  const first = { path: { name: "iris", version: 1 } };
  const versioned = await expect(
    client.POST("/models/{name}/versions/{version}/predict/", { params: first, body: rows }),
  );
  check(versioned.predictions?.length === 2, versioned);

  const card = await expect(client.GET("/predict/"));
  check(card.name === "iris" && card.inputs[0]?.name === "X1", card);
  await expect(client.GET("/models/{name}/predict/", { params: penguins }));
  await expect(client.GET("/models/{name}/versions/{version}/predict/", { params: first }));
}

async function callModels(): Promise<void> {
  const params = { path: { name: "iris" } };
  const cards = await expect(client.GET("/models/"));
  check(cards.some((card) => card.name === "penguins"), cards);
  const before = (await expect(client.GET("/models/{name}/", { params }))).live_version;
  const trained = await expect(client.POST("/models/{name}/train/", { params, body: {} }));
  const version = trained.live_version ?? 0;
  check(before !== null && version > before, trained);
  const trainedPath = { path: { name: "iris", version } };
  const detail = await expect(
    client.GET("/models/{name}/versions/{version}/", { params: trainedPath }),
  );
  check(detail.estimator === "OneVsRestClassifier", detail);

  const why = "a test";
  const back = await expect(client.POST("/models/{name}/rollback/", { params, body: { why } }));
  check(back.live_version === before, back);
  const choice = { version, why };
  const live = await expect(client.POST("/models/{name}/promote/", { params, body: choice }));
  check(live.live_version === version, live);
  const reset = await expect(client.POST("/models/{name}/reset/", { params }));
  check(reset.live_version === 1, reset);
  await expect(client.POST("/models/{name}/retire/", { params, body: { version } }));
  const { error } = await client.POST("/models/{name}/promote/", { params, body: { version } });
  check(typeof error?.detail === "string", error);
  await expect(client.POST("/models/{name}/purge/", { params, body: { version } }));
  const none = await expect(client.POST("/models/{name}/unpublish/", { params }));
  check(none.live_version === null, none);
  const again = await expect(client.POST("/models/{name}/rollback/", { params }));
  check(again.live_version === 1, again);

  const file = new Blob([Uint8Array.from(atob(artifact), (byte) => byte.charCodeAt(0))]);
  const uploaded = await expect(
    client.POST("/models/{name}/versions/", {
      params,
      // openapi-typescript has no type for a file. openapi-fetch leaves forms to the program.
      body: { artifact: file as unknown as string, metrics: { accuracy: 0.93 }, note: "a test" },
      bodySerializer({ artifact, metrics, note = "" }) {
        const form = new FormData();
        form.append("artifact", artifact as unknown as Blob, "m.skops");
        form.append("metrics", JSON.stringify(metrics));
        form.append("note", note);
        return form;
      },
    }),
    201,
  );
  check(uploaded.metrics["accuracy"] === 0.93 && uploaded.state === "ready", uploaded);
  const versions = await expect(client.GET("/models/{name}/versions/", { params }));
  check(versions.at(-1)?.version === uploaded.version, versions);
}

async function callSite(): Promise<void> {
  const text = { parseAs: "text" } as const;
  check((await expect(client.GET("/"))).status === "alive", "home");
  const one = { params: { path: { number: "1" } }, ...text };
  const hello = await expect(client.GET("/{number}/", one));
  check(hello === "Hello_world 1", hello);
  check((await expect(client.GET("/metrics/", text))).includes("predictor_"), "metrics");
  check("scikit-learn" in (await expect(client.GET("/software/"))), "software");
  check((await expect(client.GET("/v2/health/live/"))).live, "live");
  check((await expect(client.GET("/v2/health/ready/"))).ready, "ready");
}

await callTasks();
await callPredictions();
await callModels();
await callSite();
console.log(JSON.stringify(called));
