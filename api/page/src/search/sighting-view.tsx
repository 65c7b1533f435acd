// One sighting in full: its pictures, where and when, and what can be done with it.
import "./search.css";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { CopyLink } from "../parts/copy-link";
import { CropImage } from "../parts/crop-image";
import { Flags } from "../parts/flags";
import { Icon } from "../parts/icons";
import { EmptyState, ErrorNotice, Skeleton } from "../parts/notices";
import { VerdictButtons } from "../parts/verdict-buttons";
import { say } from "../state/language";
import { questionOf, subjectKey, subjectParams } from "../state/question";
import { go, hashOf, place, steps } from "../state/route";
import { cameraLabel } from "../state/site";
import { clock, dayAndClock, duration } from "../state/times";
import { give, openSubject, verdicts } from "../state/verdicts";
import { classNames } from "../words/common";
import { search } from "../words/search";
import { LETTERS } from "./hit-grid";
import { QueryCrop, useSighting } from "./query-crop";

export default function SightingView() {
  const words = say(search);
  const kinds = say(classNames);
  const params = place.value.params;
  const given = params.get("id") ?? "";
  const id = /^[0-9a-f]{32}$/.test(given) ? given : null;
  const question = questionOf(params);
  const about = subjectKey(question) ? question : null;
  const { sighting, fault, again } = useSighting(id);
  const [at, setAt] = useState(0);
  useEffect(() => setAt(0), [id]);
  useEffect(() => {
    if (about) void openSubject(about);
  }, [about && subjectKey(about)]);
  useEffect(() => {
    if (!about || id === null) return undefined;
    const onKey = (event: KeyboardEvent) => {
      const verdict = LETTERS[event.key.toLowerCase()];
      const typing = event.target instanceof HTMLElement && event.target.closest("input, textarea, select, dialog");
      if (!verdict || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      void give(id, verdicts.peek().get(id) === verdict ? "unsure" : verdict, about);
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [id, about && subjectKey(about)]);
  const back = () => (steps.num > 0 ? history.back() : go("search", about ? subjectParams(about) : {}));
  if (id === null) {
    return <EmptyState icon="car" title={words.sighting} hint={words.browseHint}><a class="button first" href={hashOf("search")}>{words.toSearch}</a></EmptyState>;
  }
  if (fault !== null) return <ErrorNotice error={fault} onAgain={again} />;
  if (!sighting) return <Skeleton kind="panel" count={2} />;
  const crop = sighting.crop_details[at] ?? sighting.crop_details[0];
  const num = sighting.crop_details.length;
  const label = cameraLabel(sighting.camera_id);
  const lasts = (Date.parse(sighting.last_seen) - Date.parse(sighting.first_seen)) / 1000;
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined || num < 2) return;
    event.preventDefault();
    setAt((at + by + num) % num);
  };
  return (
    <div class="one">
      <header class="one-head">
        <button type="button" class="button one-back" aria-label={about ? words.backToResults : words.toSearch} onClick={back}><Icon name="back" /> <span>{about ? words.backToResults : words.toSearch}</span></button>
        <h1><span>{label}</span> <span class="quiet figure">{clock(sighting.first_seen)}</span></h1>
        <span class="wide-only"><CopyLink /></span><span class="narrow-only"><CopyLink bare /></span>
      </header>
      <div class="one-body">
        <section class="one-pictures" aria-label={words.pictures(num)} onKeyDown={onKeyDown}>
          <div class={about ? "one-pair" : "one-single"}>
            {about && <figure><QueryCrop about={about} /><figcaption class="small quiet">{words.query}</figcaption></figure>}
            <figure>
              <CropImage src={crop?.url ?? sighting.crops[0]} alt={`${kinds[sighting.class]}, ${label}, ${clock(crop?.at ?? sighting.first_seen)}`} eager />
              {crop && (
                <figcaption class="small quiet figure">
                  {words.pictureOf(at + 1, num)} · {clock(crop.at)} · {crop.width} × {crop.height} px · {words.quality01(crop.quality.toFixed(2))}
                </figcaption>
              )}
            </figure>
          </div>
          {num > 1 && (
            <div class="one-strip" role="group" aria-label={words.pictures(num)}>
              {sighting.crop_details.map((one, index) => (
                <button key={one.url} type="button" class={index === at ? "one-thumb chosen" : "one-thumb"} aria-pressed={index === at}
                  aria-label={words.pictureOf(index + 1, num)} onClick={() => setAt(index)}>
                  <CropImage src={one.url} alt="" shape="strip" />
                </button>
              ))}
            </div>
          )}
        </section>
        <section class="card one-facts">
          {about && (
            <div class="one-verdict">
              <VerdictButtons sighting={sighting} subject={about} keys />
            </div>
          )}
          <dl>
            <Fact name={words.camera}>{label}</Fact>
            <Fact name={words.seen}><span class="figure">{dayAndClock(sighting.first_seen)} – {clock(sighting.last_seen)}</span></Fact>
            <Fact name={words.seenFor}>{duration(lasts)}</Fact>
            <Fact name={words.kind}>{kinds[sighting.class]} <span class="quiet small figure">{words.classSure(`${Math.round(sighting.class_score * 100)} %`)}</span></Fact>
            {sighting.colour && <Fact name={words.colour}>{words.colours[sighting.colour]} {sighting.colour_score !== null && <span class="quiet small figure">{words.classSure(`${Math.round(sighting.colour_score * 100)} %`)}</span>}</Fact>}
            {sighting.direction && <Fact name={words.drove}>{words.points[sighting.direction]}</Fact>}
            {sighting.plate && <Fact name={words.plate}>{sighting.plate}</Fact>}
            <Fact name={words.quality}><span class="figure">{sighting.quality.toFixed(2)}</span></Fact>
            <Fact name={words.state}>{sighting.state === "closed" && words.closed} <Flags sighting={sighting} /></Fact>
            {crop && <Fact name={words.boxAt}><span class="figure">{crop.box.map((side) => Math.round(side)).join(", ")} px</span></Fact>}
            <Fact name={words.id}><code class="small one-id">{sighting.sighting_id}</code></Fact>
          </dl>
          <div class="pick-actions">
            <a class="button first big" href={hashOf("trace", { sighting: sighting.sighting_id })}><Icon name="route" /> {words.traceFrom}</a>
            <a class="button big" href={hashOf("search", { sighting: sighting.sighting_id })}><Icon name="search" /> {words.like}</a>
          </div>
        </section>
      </div>
    </div>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return <><dt>{name}</dt><dd>{children}</dd></>;
}
