import { beforeEach, describe, expect, it } from "vitest";
import type { LiveMessage } from "../api/types";
import { delayMs, FIRST_MS, HELLO_MS, LONGEST_MS, messageOf, POLL_MS, startLink, type LinkState, type Socket } from "./link";

class FakeSocket implements Socket {
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  closed = false;
  say(message: LiveMessage | string) {
    this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }
  fail() {
    this.closed = true;
    this.onclose?.({ code: 1006 });
  }
  close() {
    this.closed = true;
    this.onclose?.({ code: 1000 });
  }
}

const HELLO: LiveMessage = { type: "hello", cameras: [], latest: [] };

/** A world in which time stands still until `pass`. */
function world() {
  let at = 0;
  let last = 0;
  const timers = new Map<number, { due: number; run: () => void }>();
  const sockets: FakeSocket[] = [];
  const states: LinkState[] = [];
  const heard: LiveMessage[] = [];
  const answers = { up: true, polls: 0 };
  const link = startLink({
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    poll: () => {
      answers.polls += 1;
      return answers.up ? Promise.resolve() : Promise.reject(new Error("gone"));
    },
    hear: (message) => heard.push(message),
    changed: (state) => states.push(state),
    later: (run, ms) => {
      timers.set(++last, { due: at + ms, run });
      return last;
    },
    forget: (timer) => timers.delete(timer),
    chance: () => 0.5,
  });
  const settle = async () => {
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  };
  const pass = async (ms: number) => {
    const end = at + ms;
    for (;;) {
      const due = [...timers].filter(([, one]) => one.due <= end).sort((a, b) => a[1].due - b[1].due)[0];
      if (!due) break;
      timers.delete(due[0]);
      at = due[1].due;
      due[1].run();
      await settle();
    }
    at = end;
    await settle();
  };
  return { link, sockets, states, heard, answers, timers, pass, settle, newest: () => sockets[sockets.length - 1]! };
}

let w: ReturnType<typeof world>;
beforeEach(() => {
  w = world();
});

describe("the live link", () => {
  it("is open with the hello, not before", () => {
    expect(w.states).toEqual(["connecting"]);
    w.newest().say(HELLO);
    expect(w.states).toEqual(["connecting", "open"]);
    w.newest().say({ type: "lost", num_lost: 2 });
    expect(w.heard.map((one) => one.type)).toEqual(["hello", "lost"]);
  });

  it("asks by request while the socket is down, and stops asking when it is back", async () => {
    w.newest().say(HELLO);
    w.newest().fail();
    await w.settle();
    expect(w.states).toEqual(["connecting", "open", "connecting", "polling"]);
    await w.pass(FIRST_MS);
    expect(w.sockets).toHaveLength(2);
    w.newest().say(HELLO);
    expect(w.states.at(-1)).toBe("open");
    const polls = w.answers.polls;
    await w.pass(10 * POLL_MS);
    expect(w.answers.polls).toBe(polls);
    expect(w.sockets).toHaveLength(2);
  });

  it("waits longer with every failure, up to half a minute", async () => {
    const tried: number[] = [];
    for (let turn = 0; turn < 9; turn += 1) {
      w.newest().fail();
      await w.settle();
      const before = w.sockets.length;
      let ms = 0;
      while (w.sockets.length === before) {
        await w.pass(125);
        ms += 125;
      }
      tried.push(ms);
    }
    expect(tried).toEqual([...tried].sort((a, b) => a - b));
    expect(tried.at(-1)).toBeGreaterThan(10_000);
    expect(tried.at(-1)).toBeLessThanOrEqual(LONGEST_MS);
  });

  it("says offline when nothing answers, and comes back at once when something does", async () => {
    w.newest().say(HELLO);
    w.answers.up = false;
    w.newest().fail();
    await w.settle();
    expect(w.states.at(-1)).toBe("offline");
    for (let turn = 0; turn < 8; turn += 1) {
      await w.pass(POLL_MS);
      if (!w.newest().closed) w.newest().fail();
    }
    expect(w.states.at(-1)).toBe("offline");
    w.answers.up = true;
    const before = w.sockets.length;
    await w.pass(POLL_MS);
    expect(w.states).toContain("polling");
    expect(w.sockets.length).toBeGreaterThan(before);
    w.newest().say(HELLO);
    expect(w.states.at(-1)).toBe("open");
  });

  it("gives a socket up that never says hello", async () => {
    await w.pass(HELLO_MS);
    expect(w.sockets[0]?.closed).toBe(true);
    await w.pass(FIRST_MS);
    expect(w.sockets).toHaveLength(2);
  });

  it("starts over when the server is doubted, and hears nothing of the old socket", async () => {
    w.newest().say(HELLO);
    const old = w.newest();
    w.link.doubt();
    old.say({ type: "lost", num_lost: 1 });
    expect(w.heard).toHaveLength(1);
    await w.pass(FIRST_MS);
    expect(w.sockets).toHaveLength(2);
  });

  it("hurries when the tab comes back", async () => {
    for (let turn = 0; turn < 6; turn += 1) {
      w.newest().fail();
      await w.pass(LONGEST_MS);
    }
    w.newest().fail();
    const before = w.sockets.length;
    w.link.hurry();
    expect(w.sockets).toHaveLength(before + 1);
    w.link.hurry();
    expect(w.sockets).toHaveLength(before + 1);
  });

  it("leaves nothing behind when it is stopped", async () => {
    w.newest().fail();
    await w.settle();
    w.link.stop();
    expect(w.timers.size).toBe(0);
    await w.pass(10 * LONGEST_MS);
    expect(w.sockets).toHaveLength(1);
  });

  it("a stop while a request is out lets nothing come back", async () => {
    w.newest().fail();
    w.link.stop();
    await w.settle();
    expect(w.timers.size).toBe(0);
    expect(w.states.at(-1)).toBe("connecting");
  });

  it("passes over what is no message", () => {
    w.newest().say("{");
    w.newest().say("null");
    w.newest().say("[]");
    w.newest().say(HELLO);
    expect(w.heard).toHaveLength(1);
    expect(messageOf(JSON.stringify({ type: 3 }))).toBeNull();
  });
});

it("the delay is between a half and all of its step", () => {
  expect(delayMs(0, 0)).toBe(FIRST_MS / 2);
  expect(delayMs(0, 1)).toBe(FIRST_MS);
  expect(delayMs(3, 1)).toBe(FIRST_MS * 8);
  expect(delayMs(99, 1)).toBe(LONGEST_MS);
});
