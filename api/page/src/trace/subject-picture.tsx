// The vehicle asked about: the crop of its sighting, or its part of the snapshot.
import type { SnapshotInfo, Box } from "../api/types";
import { CropImage } from "../parts/crop-image";
import { say } from "../state/language";
import { traceWords } from "../words/trace";
import type { Seen } from "./use-trace";

interface Props { seen: Seen; box: Box | null; width?: number; eager?: boolean }
const ASPECT = 4 / 3;
const AROUND = 1.25;

export function SubjectPicture({ seen, box, width = 96, eager = true }: Props) {
  const alt = say(traceWords).subject;
  const chosen = box ?? seen.snapshot?.vehicles[0]?.box ?? null;
  if (seen.snapshot && chosen) return <SnapshotPart snapshot={seen.snapshot} box={chosen} width={width} alt={alt} />;
  return <CropImage src={seen.sighting?.crops[0] ?? seen.snapshot?.picture} alt={alt} shape="strip" eager={eager} />;
}

function SnapshotPart({ snapshot, box: [x1, y1, x2, y2], width, alt }: { snapshot: SnapshotInfo; box: Box; width: number; alt: string }) {
  // The box with a little around it, widened to the shape of the frame, inside the picture.
  const across = Math.min(Math.max((x2 - x1) * AROUND, (y2 - y1) * AROUND * ASPECT), snapshot.width, snapshot.height * ASPECT);
  const down = across / ASPECT;
  const left = Math.min(Math.max((x1 + x2) / 2 - across / 2, 0), snapshot.width - across);
  const top = Math.min(Math.max((y1 + y2) / 2 - down / 2, 0), snapshot.height - down);
  const scale = width / across;
  return (
    <span class="subject-part" style={{ width: `${width}px`, height: `${width / ASPECT}px` }}>
      <img src={snapshot.picture} alt={alt} draggable={false}
        style={{ width: `${snapshot.width * scale}px`, height: `${snapshot.height * scale}px`, left: `${-left * scale}px`, top: `${-top * scale}px` }} />
    </span>
  );
}
