import type { CameraState, ClassOrGroup, Verdict } from "../api/types";
import { both, say } from "../state/language";

export const common = both(
  {
    search: "Search", trace: "Trace", live: "Live", sighting: "Sighting", signIn: "Sign in", views: "Views",
    skip: "To the content",
    close: "Close", cancel: "Cancel", again: "Try again", loading: "Loading…", copied: "Link copied",
    copyLink: "Copy link", copyByHand: "Copy this address", print: "Print", signOut: "Sign out", language: "中文", languageShort: "中",
    clear: "Clear", remove: "Remove", noPicture: "No picture", verdict: "Is it this vehicle?",
    parked: "parked", parkedHint: "It stood still all the time.",
    provisional: "in view", provisionalHint: "The vehicle is still in front of the camera; more will follow.",
    typeCamera: "Id or name", allCameras: "All cameras", oneMore: "Add another", noCamera: "No camera is called so.",
    moreCameras: (num: number) => `${num} more: type on`,
    offline: "The server does not answer.", offlineHint: "What is shown stays. The page tries again by itself.",
    offlineStart: "Check that yanji runs and that this machine reaches it. The page goes on by itself as soon as it answers.",
    signInTitle: "Open the link that yanji printed",
    signInHint: "The link at the start of yanji holds a token. Open it once in this browser, or paste the link or the token here.",
    signInNote: "The token is not kept in the browser; a session of at most 12 idle hours replaces it.",
    token: "Link or token", enter: "Enter", wrongToken: "This token is not the one of this installation.",
    sittingTitle: "For which case?", sittingChange: "Change the case", noCase: "No case yet",
    caseNumber: "Case number", caseExample: "e.g. 2026-1122-031", reason: "Reason",
    reasonExample: "What you look for, and why", purpose: "Purpose",
    needed: "This is needed.", go: "Go on",
    auditNote: "Every question is written to the audit log with the case, the reason and the time, before its answer is shown.",
  },
  {
    search: "检索", trace: "轨迹", live: "实时", sighting: "过车记录", signIn: "登录", views: "功能",
    skip: "跳到正文",
    close: "关闭", cancel: "取消", again: "重试", loading: "加载中…", copied: "链接已复制",
    copyLink: "复制链接", copyByHand: "请复制此地址", print: "打印", signOut: "退出", language: "English", languageShort: "EN",
    clear: "清除", remove: "移除", noPicture: "无图片", verdict: "是不是这辆车？",
    parked: "停放", parkedHint: "该车全程未移动。",
    provisional: "在画面中", provisionalHint: "车辆仍在摄像机画面内，记录尚未结束。",
    typeCamera: "输入编号或名称", allCameras: "全部摄像机", oneMore: "再加一个", noCamera: "没有这样的摄像机。",
    moreCameras: (num: number) => `还有 ${num} 个，请继续输入`,
    offline: "服务器没有响应。", offlineHint: "已显示的内容会保留，页面会自动重试。",
    offlineStart: "请确认雁迹正在运行，且本机能够访问。服务器恢复后页面会自动继续。",
    signInTitle: "请打开雁迹启动时打印的链接",
    signInHint: "启动时打印的链接里带有令牌。请在本浏览器中打开一次，或把链接、令牌粘贴到这里。",
    signInNote: "浏览器不保存令牌，只保留会话；闲置 12 小时后自动失效。",
    token: "链接或令牌", enter: "进入", wrongToken: "令牌不正确，不属于本系统。",
    sittingTitle: "本次查询属于哪个案件？", sittingChange: "更改案件", noCase: "未填案件",
    caseNumber: "案件编号", caseExample: "例如 2026-1122-031", reason: "查询事由",
    reasonExample: "查什么车，为什么查", purpose: "查询用途",
    needed: "此项必填。", go: "继续",
    auditNote: "每次查询在显示结果之前，都会连同案件编号、事由和时间写入审计日志。",
  },
);

export const classNames = both<Record<ClassOrGroup, string>>(
  {
    car: "car", van: "van", truck: "truck", bus: "bus", motorcycle: "motorcycle", ebike: "e-bike",
    bicycle: "bicycle", tricycle: "tricycle", two_wheeler: "two-wheeler", four_wheel: "four wheels",
    three_wheeler: "three wheels",
  },
  {
    car: "轿车", van: "面包车", truck: "货车", bus: "客车", motorcycle: "摩托车", ebike: "电动自行车",
    bicycle: "自行车", tricycle: "三轮车", two_wheeler: "两轮车", four_wheel: "四轮车", three_wheeler: "三轮车",
  },
);

export const cameraStates = both<Record<CameraState, string>>(
  {
    connecting: "connecting", up: "live", still: "frozen picture", black: "black picture", down: "down",
    credentials: "password refused", waiting: "waiting for the disk", recorded: "recordings",
  },
  {
    connecting: "连接中", up: "在线", still: "画面冻结", black: "黑屏", down: "离线", credentials: "密码被拒",
    waiting: "等待磁盘", recorded: "录像",
  },
);

export const verdicts = both<Record<Verdict, string>>(
  { confirmed: "It is this one", rejected: "It is not", unsure: "Not sure" },
  { confirmed: "是这辆", rejected: "不是", unsure: "不确定" },
);

/** The same on a small button; read out in full. */
export const shortVerdicts = both<Record<Verdict, string>>(
  { confirmed: "Yes", rejected: "No", unsure: "Unsure" },
  { confirmed: "是", rejected: "不是", unsure: "不确定" },
);

export const purposes = both<Record<string, string>>(
  { hit_and_run: "Hit and run", stolen_vehicle: "Stolen vehicle", dangerous_driving: "Dangerous driving", exercise: "Exercise" },
  { hit_and_run: "肇事逃逸", stolen_vehicle: "被盗车辆", dangerous_driving: "危险驾驶", exercise: "演练" },
);

/** A probability in words: the same steps wherever one is shown. */
const likeliness = both(
  ["very unlikely", "unlikely", "possible", "likely", "very likely", "almost certain"],
  ["极不可能", "不太可能", "有可能", "较可能", "很可能", "几乎肯定"],
);
const STEPS = [0.05, 0.2, 0.5, 0.8, 0.95];

export function probabilityWord(probability: number): string {
  return say(likeliness)[STEPS.filter((step) => probability >= step).length] ?? "";
}

/** "87 %"; never "0 %" or "100 %" for what is neither. */
export function probabilityFigure(probability: number): string {
  if (probability > 0 && probability < 0.01) return "< 1 %";
  if (probability < 1 && probability > 0.99) return "> 99 %";
  return `${Math.round(probability * 100)} %`;
}
