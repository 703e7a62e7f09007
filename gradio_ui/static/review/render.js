// How a clip is rendered where nothing is said: the defaults of `RenderOptions`, so that two wishes can be compared.

export const DEFAULTS = Object.freeze({
  mode: 'auto', captions: 'burn', style: 'clean', watermark: null, intro: null, outro: null, aspect: 'source', loudness: -14,
  quality: 'standard', encoder: 'auto', framing: 'auto', watermark_place: 'top-right', watermark_opacity: 0.8, watermark_size: 0.12,
  watermark_margin: 0.03, title_card_ms: 0, crossfade_ms: 0, speed: 100, denoise: false, level_dialogue: false, jump_cuts: [],
});

/** The same wish with everything said. */
export function whole(render) {
  return {...DEFAULTS, ...render};
}
