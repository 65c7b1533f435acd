// A sighting as it stands in a list: crop, camera, time, class.
import type { ComponentChildren } from "preact";
import type { SightingInfo } from "../api/types";
import { say } from "../state/language";
import { hashOf } from "../state/route";
import { cameraLabel } from "../state/site";
import { clock, day } from "../state/times";
import { classNames } from "../words/common";
import { CropImage } from "./crop-image";
import { Flags } from "./flags";

interface Props {
  sighting: SightingInfo;
  /** Where the picture leads; without it to the sighting. */
  href?: string | undefined;
  /** More badges, on the picture. */
  children?: ComponentChildren;
  /** Buttons at the lower edge. */
  foot?: ComponentChildren;
}

export function SightingCard({ sighting, href, children, foot }: Props) {
  const kind = say(classNames)[sighting.class];
  const label = cameraLabel(sighting.camera_id);
  return (
    <article class="card sighting-card">
      <a class="sighting-picture" href={href ?? hashOf("sighting", { id: sighting.sighting_id })}>
        <CropImage src={sighting.crops[0]} alt={`${kind}, ${label}, ${clock(sighting.first_seen)}`} />
        {children}
      </a>
      <div class="sighting-facts">
        <strong class="sighting-camera" title={label}>{label}</strong>
        <span class="small figure">
          <span class="quiet">{day(sighting.first_seen)}</span> {clock(sighting.first_seen)}
        </span>
        <span class="sighting-badges"><span class="badge">{kind}</span><Flags sighting={sighting} /></span>
      </div>
      {foot && <div class="sighting-foot">{foot}</div>}
    </article>
  );
}
