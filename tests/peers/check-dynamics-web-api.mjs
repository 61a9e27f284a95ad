// dynamics-web-api (a Dataverse client that knows nothing of us) against the sandbox.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { DynamicsWebApi } from "dynamics-web-api";
import { run } from "./sandbox.mjs";

const FORMATTED = "OData.Community.Display.V1.FormattedValue";
const milestones = "msp_engagementmilestones";
let api, tokens, me, milestone;

// The library's errors carry status and code; the call must fail with this status.
async function fails(status, promise) {
  try {
    await promise;
  } catch (e) {
    assert.equal(e.status, status, e.message);
    return e;
  }
  assert.fail(`expected HTTP ${status}`);
}

await run({
  "a call without a token is 401 and names the tenant": async (sb) => {
    const r = await fetch(`${sb.url}/api/data/v9.2/`);
    assert.equal(r.status, 401);
    assert.match(r.headers.get("www-authenticate"),
                 /^Bearer authorization_uri=\S+\/[0-9a-f-]{36}\/oauth2\/authorize, *resource_id=\S+\/$/);
  },

  "sign in and WhoAmI": async (sb) => {
    tokens = await sb.signIn();
    api = new DynamicsWebApi({
      serverUrl: sb.url, dataApi: { version: "9.2" },
      onTokenRefresh: async () => tokens.access_token });
    const who = await api.callFunction("WhoAmI");
    assert.match(who.UserId, /^[0-9a-f-]{36}$/);
    assert.match(who.OrganizationId, /^[0-9a-f-]{36}$/);
    me = who.UserId;
  },

  "all pages of a list are the list": async () => {
    const whole = await api.retrieveMultiple({ collection: milestones, select: ["msp_name"] });
    assert.ok(whole.value.length > 20);
    const paged = [];
    let page = await api.retrieveMultiple({ collection: milestones, select: ["msp_name"],
                                            maxPageSize: 7, count: true });
    assert.equal(page.oDataCount, whole.value.length);
    for (;;) {
      assert.ok(page.value.length <= 7);
      paged.push(...page.value);
      if (!page.oDataNextLink)
        break;
      assert.match(page.oDataNextLink, /^http:\/\/127\.0\.0\.1:\d+\/api\/data\/v9\.2\//);
      page = await api.retrieveMultiple({ collection: milestones, select: ["msp_name"],
                                          maxPageSize: 7 }, page.oDataNextLink);
    }
    const ids = (rows) => rows.map((r) => r.msp_engagementmilestoneid).sort();
    assert.deepEqual(ids(paged), ids(whole.value));
    const all = await api.retrieveAll({ collection: milestones, select: ["msp_name"],
                                        maxPageSize: 11 });
    assert.deepEqual(ids(all.value), ids(whole.value));
  },

  "filter, order, top, expand and labels": async () => {
    const got = await api.retrieveMultiple({
      collection: milestones,
      select: ["msp_name", "msp_milestonestatus", "msp_milestonedate", "_ownerid_value"],
      filter: `_ownerid_value eq ${me} and msp_milestonestatus eq 861980000`,
      orderBy: ["msp_milestonedate asc", "msp_engagementmilestoneid"], top: 3,
      expand: [{ property: "msp_OpportunityId", select: ["name"] }], includeAnnotations: "*" });
    assert.ok(got.value.length >= 1 && got.value.length <= 3);
    for (const m of got.value) {
      assert.equal(m[`msp_milestonestatus@${FORMATTED}`], "On Track");
      assert.equal(typeof m[`_ownerid_value@${FORMATTED}`], "string");
      assert.equal(m["_ownerid_value@Microsoft.Dynamics.CRM.lookuplogicalname"], "systemuser");
      assert.equal(typeof m.msp_OpportunityId.name, "string");
      assert.match(m["@odata.etag"], /^W\/"\d+"$/);
    }
    const dates = got.value.map((m) => m.msp_milestonedate);
    assert.deepEqual(dates, [...dates].sort());
    milestone = got.value[0].msp_engagementmilestoneid;
  },

  "count": async () => {
    const n = await api.count({ collection: "accounts" });
    const rows = await api.retrieveMultiple({ collection: "accounts", select: ["name"] });
    assert.equal(n, rows.value.length);
    assert.equal(await api.count({ collection: "accounts", filter: "name eq 'no such name'" }), 0);
  },

  "create, retrieve, update, delete a task": async () => {
    const data = { subject: "Peer", scheduledend: "2026-03-31T10:00:00Z", description: "ä € 😀",
                   "regardingobjectid_msp_engagementmilestone@odata.bind":
                     `${milestones}(${milestone})` };
    const id = await api.create({ collection: "tasks", data });
    assert.match(id, /^[0-9a-f-]{36}$/);
    const task = await api.retrieve({ collection: "tasks", key: id,
      select: ["subject", "description", "_regardingobjectid_value", "statecode"],
      includeAnnotations: FORMATTED });
    assert.equal(task.subject, "Peer");
    assert.equal(task.description, "ä € 😀");
    assert.equal(task._regardingobjectid_value, milestone);
    assert.equal(task[`statecode@${FORMATTED}`], "Open");
    const etag = task["@odata.etag"];
    const changed = await api.update({ collection: "tasks", key: id, data: { subject: "Peer 2" },
      ifmatch: etag, returnRepresentation: true, select: ["subject"] });
    assert.equal(changed.subject, "Peer 2");
    /* the library reads 412 on an If-Match as "not done", without an error */
    assert.equal(await api.update({ collection: "tasks", key: id, data: { subject: "late" },
                                    ifmatch: etag }), false);
    assert.equal((await api.retrieve({ collection: "tasks", key: id, select: ["subject"] })).subject,
                 "Peer 2");
    await api.updateSingleProperty({ collection: "tasks", key: id,
                                     fieldValuePair: { subject: "Peer 3" } });
    assert.equal((await api.retrieve({ collection: "tasks", key: id, select: ["subject"] })).subject,
                 "Peer 3");
    await api.deleteRecord({ collection: "tasks", key: id, property: "description" });
    assert.equal((await api.retrieve({ collection: "tasks", key: id, select: ["description"] }))
                 .description, null);
    await api.deleteRecord({ collection: "tasks", key: id });
    const e = await fails(404, api.retrieve({ collection: "tasks", key: id, select: ["subject"] }));
    assert.equal(e.code, "0x80040217");
  },

  "create that returns the record": async () => {
    const got = await api.create({ collection: "tasks", data: { subject: "Whole" },
                                   returnRepresentation: true, select: ["subject", "activityid"] });
    assert.equal(got.subject, "Whole");
    assert.match(got["@odata.etag"], /^W\//);
    await api.deleteRecord({ collection: "tasks", key: got.activityid });
  },

  "upsert: insert once, then update, or neither": async () => {
    const key = randomUUID();
    const made = await api.upsert({ collection: "tasks", key, data: { subject: "One" } });
    assert.equal(made, key); /* the library answers the key from OData-EntityId */
    assert.equal(await api.upsert({ collection: "tasks", key, data: { subject: "Two" },
                                    ifnonematch: "*" }), null);
    assert.equal((await api.retrieve({ collection: "tasks", key, select: ["subject"] })).subject,
                 "One");
    await api.upsert({ collection: "tasks", key, data: { subject: "Three" } });
    assert.equal((await api.retrieve({ collection: "tasks", key, select: ["subject"] })).subject,
                 "Three");
    assert.equal(await api.upsert({ collection: "tasks", key: randomUUID(),
                                    data: { subject: "None" }, ifmatch: "*" }), null);
    await api.deleteRecord({ collection: "tasks", key });
  },

  "$batch with a change set, one after another": async () => {
    const key = randomUUID();
    api.startBatch();
    api.upsert({ collection: "tasks", key, data: { subject: "In a batch" }, contentId: "1" });
    api.create({ collection: "tasks", data: { subject: "Beside it" }, contentId: "2" });
    const [first, second] = await api.executeBatch();
    assert.equal(first, key);
    assert.match(second, /^[0-9a-f-]{36}$/);
    api.startBatch();
    api.retrieve({ collection: "tasks", key, select: ["subject"] });
    api.retrieveMultiple({ collection: "tasks", select: ["subject"],
                           filter: `activityid eq ${second}` });
    const [one, many] = await api.executeBatch();
    assert.equal(one.subject, "In a batch");
    assert.equal(many.value[0].subject, "Beside it");
    api.startBatch();
    api.deleteRecord({ collection: "tasks", key });
    api.deleteRecord({ collection: "tasks", key: second });
    await api.executeBatch();
    await fails(404, api.retrieve({ collection: "tasks", key, select: ["subject"] }));
  },

  "a change set happens as a whole or not at all": async () => {
    const key = randomUUID();
    api.startBatch();
    api.upsert({ collection: "tasks", key, data: { subject: "Never" } });
    api.update({ collection: "tasks", key: randomUUID(), data: { subject: "Nobody" } });
    await fails(404, api.executeBatch().then(undefined, (e) => {
      throw Array.isArray(e) ? e[0] : e; /* a list of what failed */
    }));
    await fails(404, api.retrieve({ collection: "tasks", key, select: ["subject"] }));
  },

  "a URL too long for a GET goes as a $batch": async () => {
    const rows = await api.retrieveMultiple({ collection: milestones, select: ["msp_name"],
                                              top: 80 });
    const ids = rows.value.map((r) => r.msp_engagementmilestoneid);
    while (ids.length < 80)
      ids.push(randomUUID());
    const got = await api.retrieveMultiple({ collection: milestones, select: ["msp_name"],
      filter: ids.map((i) => `msp_engagementmilestoneid eq ${i}`).join(" or ") });
    assert.equal(got.value.length, rows.value.length);
  },

  "metadata": async () => {
    const table = await api.retrieveEntity({ key: "LogicalName='task'",
                                             select: ["LogicalName", "EntitySetName"] });
    assert.equal(table.EntitySetName, "tasks");
    const column = await api.retrieveAttributes({ entityKey: "LogicalName='task'",
      castType: "Microsoft.Dynamics.CRM.StatusAttributeMetadata", select: ["LogicalName"],
      expand: [{ property: "OptionSet" }] });
    const labels = column.value[0].OptionSet.Options.map((o) => o.Label.UserLocalizedLabel.Label);
    assert.ok(labels.includes("Not Started"), labels.join());
  },

  "errors are the service's": async () => {
    const e = await fails(400, api.retrieveMultiple({ collection: milestones, select: ["nope"] }));
    assert.equal(e.code, "0x80060888");
    assert.match(e.message, /nope/);
    await fails(404, api.retrieveMultiple({ collection: "nosuchtable", select: ["name"] }));
  },

  "an expired token is refused, a renewed one is not": async (sb) => {
    await sb.control("identity/expire-all");
    await fails(401, api.callFunction("WhoAmI"));
    tokens = await sb.refresh(tokens.refresh_token);
    assert.equal((await api.callFunction("WhoAmI")).UserId, me);
  },
});
