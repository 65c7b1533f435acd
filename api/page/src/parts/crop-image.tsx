// One picture of a vehicle in a box of fixed shape: nothing moves when it arrives.
import { useEffect, useState } from "preact/hooks";
import { onReturn } from "../state/connection";
import { say } from "../state/language";
import { common } from "../words/common";
import { Icon } from "./icons";

export type CropShape = "card" | "strip" | "small" | "large";

interface Props {
  /** Address; undefined or null where a sighting has no crop. */
  src: string | null | undefined;
  alt: string;
  /** card 4 : 3, fills its column; strip 96 × 72; small 56 × 42; large up to 70vh. */
  shape?: CropShape | undefined;
  /** True for what is on the screen at once. */
  eager?: boolean | undefined;
}

export function CropImage({ src, alt, shape = "card", eager = false }: Props) {
  const [state, setState] = useState<{ src: typeof src; is: "coming" | "here" | "gone" }>({ src, is: "coming" });
  const is = !src ? "gone" : state.src === src ? state.is : "coming";
  useEffect(() => {
    // Gone because of an outage: look again when the server is back.
    if (!src || is !== "gone") return undefined;
    return onReturn(() => setState({ src, is: "coming" }));
  }, [src, is]);
  return (
    <span class={`crop crop-${shape} crop-${is}`}>
      {src && is !== "gone" && (
        <img src={src} alt={alt} loading={eager ? "eager" : "lazy"} decoding="async" draggable={false}
          onLoad={() => setState({ src, is: "here" })} onError={() => setState({ src, is: "gone" })} />
      )}
      {is === "gone" && (
        <span class="crop-none" role="img" aria-label={`${alt} – ${say(common).noPicture}`}>
          <Icon name="picture" size={shape === "small" ? 18 : 26} />
          {shape !== "small" && shape !== "strip" && <span aria-hidden="true">{say(common).noPicture}</span>}
        </span>
      )}
    </span>
  );
}
