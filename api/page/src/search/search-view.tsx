// Search: a picture in, sightings out. Three steps, told apart by the address: nothing yet, a
// picture to pick a vehicle from, the answer.
import "./search.css";
import { asked, isAsked } from "./draft";
import { DropZone } from "./drop-zone";
import { Browse } from "./browse";
import { Pick } from "./pick";
import { Results } from "./results";

export default function SearchView() {
  const { snapshot } = asked.value;
  return (
    <div class="search">
      {isAsked.value ? <Results /> : snapshot ? <Pick id={snapshot} key={snapshot} /> : <><DropZone /><Browse /></>}
    </div>
  );
}
