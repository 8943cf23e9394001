// Where the nodes of a YAML text stand in it: the events say where collections begin and texts are, not where all that belongs to them ends.
import { COLLECTION_STYLE, type Event, EVENT_ID, type MappingEvent, SCALAR_STYLE, type SequenceEvent } from "js-yaml";
import type { Span } from "../../diagnostics/span.ts";
import type { Source } from "./read-events.ts";

export type CollectionEvent = MappingEvent | SequenceEvent;

/** The places of nodes, asked for in the order in which they stand. */
export class NodePlaces {
  /** Where in the text the last node has ended. */
  end = 0;
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  /** The place of a collection, which ends with its line until `close` knows better. */
  open({ start }: CollectionEvent): Span {
    this.end = start + 1;
    return this.#source.lines.span(start, Number.POSITIVE_INFINITY);
  }

  /** Ends the place of a collection behind its last node, or its bracket. */
  close({ start, style }: CollectionEvent, span: Span): void {
    const { text } = this.#source;
    if (style === COLLECTION_STYLE.FLOW && /[[{]/.test(text[start] ?? "")) {
      const rest = /(?:[\s,:?]|#[^\r\n]*)*[^]/y;
      rest.lastIndex = this.end;
      rest.test(text);
      this.end = rest.lastIndex;
    } else this.end = Math.max(this.end, start);
    span.length = Math.min(span.length, this.end - start);
  }

  /** The place of a node's own text, and moves on behind it; `place` when it has none. */
  spanOf(event: Event, place: Span): Span {
    const { lines } = this.#source;
    switch (event.type) {
      case EVENT_ID.ALIAS:
        return lines.span(event.anchorStart - 1, event.anchorEnd);
      case EVENT_ID.SEQUENCE:
      case EVENT_ID.MAPPING:
        return lines.span(event.start, Number.POSITIVE_INFINITY);
      case EVENT_ID.SCALAR: {
        const { style, valueStart, valueEnd } = event;
        this.end = Math.max(this.end, event.tagEnd, event.anchorEnd);
        if (valueStart < 0) return place;
        const isQuoted = style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED;
        const isPlain = style === SCALAR_STYLE.PLAIN;
        const start = isPlain ? valueStart : isQuoted ? valueStart - 1 : this.#findHeader();
        this.end = isQuoted ? valueEnd + 1 : Math.max(valueEnd, start + 1);
        return lines.span(start, this.end);
      }
      default:
        return place;
    }
  }

  // The | or > before a block text: behind all that has been read of the file, comments left out.
  #findHeader(): number {
    const header = /(?:[^|>#]|#[^\r\n]*)*/y;
    header.lastIndex = this.end;
    header.test(this.#source.text);
    return header.lastIndex;
  }
}
