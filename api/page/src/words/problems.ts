// What the server's error codes mean, in both languages; a code that is not here is shown in the
// server's own English words.
import type { Problem } from "../api/types";
import { both, language, say } from "../state/language";

type Entry = { title: string; hint: string };

const EN = {
  offline: { title: "The server does not answer.", hint: "Check that yanji runs and that you are on its network." },
  unexpected: { title: "The server gave an answer that was not expected.", hint: "Try again; if it stays, look into yanji's log." },
  page: { title: "A part of the page could not be loaded.", hint: "Load the page again; if it stays, look into yanji's log." },
  unauthorised: { title: "The session has ended.", hint: "Open the link again that yanji printed." },
  too_many_attempts: { title: "Too many wrong tokens.", hint: "Wait a minute, then try again." },
  forbidden_origin: { title: "This address is not the server's own.", hint: "Open the page under the address that yanji printed." },
  not_found: { title: "There is nothing here.", hint: "The link may be old or incomplete." },
  nothing_found: { title: "Nothing was found.", hint: "" },
  unknown_sighting: { title: "This sighting is not in the archive.", hint: "Its time may be over, or the link belongs to another installation." },
  unknown_snapshot: { title: "The server no longer holds this snapshot.", hint: "Snapshots are never stored, only held for an hour: drop the picture again." },
  unknown_camera: { title: "This camera is not known.", hint: "Choose one from the list." },
  unknown_crop: { title: "This picture is not in the archive.", hint: "" },
  method_not_allowed: { title: "The server does not take this request.", hint: "Load the page again: it may be older than the server." },
  model_not_in_archive: { title: "The archive holds no vectors of the model in use.", hint: "An administrator can run `yanji archive reembed`." },
  too_large: { title: "The file is larger than 20 MiB.", hint: "Choose a smaller picture, or cut out the vehicle." },
  case_missing: { title: "Case number and reason are missing.", hint: "Enter them at the top of the page." },
  bad_box: { title: "The box does not fit the picture.", hint: "Draw it again around the vehicle." },
  no_vehicle: { title: "No vehicle was found in the picture.", hint: "Draw a box around the vehicle." },
  no_vector: { title: "This sighting has no vector, so it cannot be compared.", hint: "Its picture was too small or unclear: choose another sighting of the vehicle." },
  bad_time: { title: "The time cannot be read, or “from” is after “to”.", hint: "Look at the times in the filter." },
  picture: { title: "The picture cannot be read.", hint: "Take JPEG, PNG, WebP or HEIC." },
  picture_empty: { title: "The file is empty.", hint: "Choose another one." },
  picture_too_large: { title: "The file is larger than 20 MiB.", hint: "Choose a smaller picture, or cut out the vehicle." },
  picture_too_many_pixels: { title: "The picture has more than 25 megapixels.", hint: "Make it smaller, or cut out the vehicle." },
  picture_damaged: { title: "The picture is damaged or incomplete.", hint: "Send or save it again from where it came." },
  picture_format: { title: "This is not a picture that can be read.", hint: "Take JPEG, PNG, WebP or HEIC." },
  picture_trailing: { title: "The file holds something else behind the picture.", hint: "Open it in a picture viewer and save it again." },
  invalid: { title: "The server did not understand the request.", hint: "Load the page again: it may be older than the server." },
  archive_busy: { title: "The archive is busy.", hint: "Try again in a moment." },
  archive: { title: "The archive cannot be read.", hint: "An administrator can run `yanji check`." },
  disk_full: { title: "The server's disk is full.", hint: "An administrator has to make room; nothing is answered without an audit record." },
  audit: { title: "The audit log cannot be written, so nothing is answered.", hint: "An administrator has to look at the disk and the log." },
  model: { title: "The model cannot be used.", hint: "An administrator can run `yanji models verify`." },
  internal: { title: "Something failed inside the server.", hint: "Try again; the server's log says what it was." },
} satisfies Record<string, Entry>;

const known = both<Record<keyof typeof EN, Entry>>(EN, {
  offline: { title: "服务器没有响应。", hint: "请确认雁迹正在运行，并且本机能访问它。" },
  unexpected: { title: "服务器的回答不符合预期。", hint: "请重试；若仍出现，请查看雁迹日志。" },
  page: { title: "页面有一部分未能载入。", hint: "请刷新页面；若仍出现，请查看雁迹日志。" },
  unauthorised: { title: "会话已失效。", hint: "请重新打开雁迹启动时打印的链接。" },
  too_many_attempts: { title: "令牌错误次数过多。", hint: "请一分钟后再试。" },
  forbidden_origin: { title: "当前地址不是服务器自己的地址。", hint: "请用雁迹打印的地址打开本页面。" },
  not_found: { title: "此处没有内容。", hint: "链接可能已失效或不完整。" },
  nothing_found: { title: "没有查到结果。", hint: "" },
  unknown_sighting: { title: "档案中没有这条过车记录。", hint: "可能已过保存期限，或链接来自另一套系统。" },
  unknown_snapshot: { title: "服务器已不再保留这张图片。", hint: "上传的图片不入库，只暂存一小时，请重新上传。" },
  unknown_camera: { title: "没有这个摄像机。", hint: "请从列表中选择。" },
  unknown_crop: { title: "档案中没有这张图片。", hint: "" },
  method_not_allowed: { title: "服务器不接受此请求。", hint: "页面可能比服务器旧，请刷新页面。" },
  model_not_in_archive: { title: "档案中没有当前模型的特征向量。", hint: "请管理员运行 `yanji archive reembed`。" },
  too_large: { title: "文件超过 20 MiB。", hint: "请选小一些的图片，或只截取车辆部分。" },
  case_missing: { title: "缺少案件编号或查询事由。", hint: "请在页面上方填写。" },
  bad_box: { title: "框选区域与图片不符。", hint: "请重新框选车辆。" },
  no_vehicle: { title: "图片中没有检测到车辆。", hint: "请手动框选车辆。" },
  no_vector: { title: "这条过车记录没有特征向量，无法比对。", hint: "图片太小或不清晰，请换该车的另一条记录。" },
  bad_time: { title: "时间无法识别，或起始时间晚于结束时间。", hint: "请检查筛选条件中的时间。" },
  picture: { title: "图片无法读取。", hint: "支持 JPEG、PNG、WebP、HEIC。" },
  picture_empty: { title: "文件是空的。", hint: "请另选一张图片。" },
  picture_too_large: { title: "文件超过 20 MiB。", hint: "请选小一些的图片，或只截取车辆部分。" },
  picture_too_many_pixels: { title: "图片超过 2500 万像素。", hint: "请缩小图片，或只截取车辆部分。" },
  picture_damaged: { title: "图片已损坏或不完整。", hint: "请从来源处重新传送或另存一次。" },
  picture_format: { title: "这不是可以读取的图片。", hint: "支持 JPEG、PNG、WebP、HEIC。" },
  picture_trailing: { title: "图片文件末尾夹带了其他内容。", hint: "请用看图软件打开并另存后再上传。" },
  invalid: { title: "服务器无法理解此请求。", hint: "页面可能比服务器旧，请刷新页面。" },
  archive_busy: { title: "档案正忙。", hint: "请稍后重试。" },
  archive: { title: "档案无法读取。", hint: "请管理员运行 `yanji check`。" },
  disk_full: { title: "服务器磁盘已满。", hint: "请管理员清理空间；无法写审计记录时不提供查询结果。" },
  audit: { title: "审计日志无法写入，因此不提供查询结果。", hint: "请管理员检查磁盘和日志。" },
  model: { title: "模型无法使用。", hint: "请管理员运行 `yanji models verify`。" },
  internal: { title: "服务器内部出错。", hint: "请重试；原因见服务器日志。" },
});

export const KNOWN_CODES: readonly string[] = Object.keys(EN);

export function explain(problem: Problem): Entry {
  const entries: Partial<Record<string, Entry>> = say(known);
  const entry = Object.hasOwn(entries, problem.code) ? entries[problem.code] : undefined;
  if (entry) return entry;
  if (language.value === "zh") {
    return { title: `出错了（${problem.code}）：${problem.title}`, hint: problem.hint };
  }
  return { title: problem.title, hint: problem.hint };
}
