// A sandbox of its own for a check: started in a private folder, signed in with a device code that
// the check approves with the control key, stopped and removed at the end.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const CLIENT = "51f81489-12ee-4a9e-aaae-a2591f45987d";

async function form(url, fields, headers = {}) {
  const r = await fetch(url, { method: "POST", body: new URLSearchParams(fields), headers });
  return { status: r.status, body: await r.json() };
}

export class Sandbox {
  static async start() {
    const s = new Sandbox();
    s.dir = mkdtempSync(join(tmpdir(), "msxops-peer-"));
    s.child = spawn(process.env.SANDBOX, ["--foreground", "--dir", s.dir, "--today", "2026-03-02"],
                    { stdio: ["ignore", "ignore", "ignore"] });
    s.ended = once(s.child, "exit");
    for (let i = 0; ; i++) {
      try {
        s.info = JSON.parse(readFileSync(join(s.dir, "sandbox.json"), "utf8"));
        break;
      } catch (e) {
        if (s.child.exitCode !== null || i > 1200) {
          await s.stop();
          throw new Error("the sandbox does not start: " + e.message);
        }
        await new Promise((done) => setTimeout(done, 25));
      }
    }
    s.url = s.info.url;
    return s;
  }

  async stop() {
    this.child.kill("SIGTERM");
    await this.ended;
    rmSync(this.dir, { recursive: true, force: true });
  }

  // An access token of a user (default: the sandbox's own), and what renews it.
  async signIn(user) {
    const base = `${this.url}/organizations/oauth2/v2.0`;
    const scope = `${this.url}/user_impersonation offline_access`;
    const codes = await form(`${base}/devicecode`, { client_id: CLIENT, scope });
    const decision = { user_code: codes.body.user_code, decision: "approve", ...(user && { user }) };
    const approved = await form(`${this.url}/devicelogin`, decision,
                                { "X-Sandbox-Key": this.info.controlKey });
    if (approved.status !== 200)
      throw new Error(`not signed in: ${JSON.stringify(approved)}`);
    const got = await form(`${base}/token`, {
      grant_type: "urn:ietf:params:oauth:grant-type:device_code",
      client_id: CLIENT,
      device_code: codes.body.device_code,
    });
    if (got.status !== 200)
      throw new Error(`no token: ${JSON.stringify(got)}`);
    return got.body;
  }

  async refresh(token) {
    const got = await form(`${this.url}/organizations/oauth2/v2.0/token`, {
      grant_type: "refresh_token", client_id: CLIENT, refresh_token: token });
    if (got.status !== 200)
      throw new Error(`not renewed: ${JSON.stringify(got)}`);
    return got.body;
  }

  async control(path, body = {}) {
    const r = await fetch(`${this.url}/__sandbox/${path}`, {
      method: "POST", body: JSON.stringify(body),
      headers: { "X-Sandbox-Key": this.info.controlKey, "Content-Type": "application/json" } });
    if (!r.ok)
      throw new Error(`control ${path}: ${r.status} ${await r.text()}`);
  }
}

// Run steps one after another as TAP; the first that fails ends the check with status 1.
export async function run(steps) {
  const sandbox = await Sandbox.start();
  let n = 0, failed = false;
  try {
    for (const [name, step] of Object.entries(steps)) {
      n++;
      try {
        await step(sandbox);
        console.log(`ok ${n} - ${name}`);
      } catch (e) {
        console.log(`not ok ${n} - ${name}`);
        console.log(String(e.stack ?? e.message ?? JSON.stringify(e)).replace(/^/gm, "# "));
        if (e.status)
          console.log(`# HTTP ${e.status} ${e.code ?? ""}`);
        failed = true;
        break;
      }
    }
  } finally {
    await sandbox.stop();
  }
  console.log(`1..${n}`);
  process.exitCode = failed ? 1 : 0;
}
