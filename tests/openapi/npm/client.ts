import createClient from "openapi-fetch";
import type { paths } from "./types.js";

const base = process.argv[2];
if (base === undefined) throw new Error("usage: client.js BASE_URL");
const client = createClient<paths>({ baseUrl: base });

function had<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.data === undefined) {
    throw new Error(`${answer.response.status}: ${JSON.stringify(answer.error)}`);
  }
  return answer.data;
}

const flow = had(await client.POST("/flows/", { body: { name: "typed" } }));
const made = had(
  await client.POST("/deployments/", {
    body: { name: "typed", flow_id: flow.id, schedules: [{ schedule: { interval: 3600 } }] },
  }),
);
const page = had(
  await client.POST("/deployments/paginate", {
    body: { limit: 1, deployments: { tags: { is_null_: true } }, sort: "NAME_ASC" },
  }),
);
const names: string[] = page.results.map((deployment) => deployment.name);
const refused = await client.POST("/deployments/filter", { body: { limit: 201 } });
// @ts-expect-error: there is no such order
await client.POST("/deployments/filter", { body: { sort: "SIZE_DESC", limit: 0 } });
// @ts-expect-error: a deployment has a flow
await client.POST("/deployments/", { body: { name: "typed" } });
await client.DELETE("/deployments/{id}", { params: { path: { id: made.id } } });
const gone = await client.GET("/deployments/{id}", { params: { path: { id: made.id } } });
console.log(
  JSON.stringify({
    names,
    count: page.count,
    refused: refused.response.status,
    gone: gone.response.status,
    interval: made.schedules?.[0]?.schedule,
  }),
);
