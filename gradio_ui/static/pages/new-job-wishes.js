// What one wishes for, as the form holds it and as the API wants it.

/** What is there before one has chosen anything. */
export function defaults() {
  return {
    count: 5, lengths: '15-90', prompt: '', aspect: 'source', captions: 'clean', genre: 'auto', language: 'auto', hotwords: '', products: '',
    framing: 'auto', quality: 'standard', speed: 100, titleCard: false, denoise: false, levelDialogue: false, silence: false, fillers: false, look: true,
    brand: {},
  };
}

/** Shortest and longest clip in seconds, as one chooses them. */
export const LENGTHS = ['10-30', '15-60', '15-90', '30-60', '60-180', '120-600'];

const lines = (text) => text.split('\n').map((line) => line.trim()).filter(Boolean);

/** A request without its source. */
export function asRequest(wishes) {
  const [shortest, longest] = wishes.lengths.split('-').map((seconds) => Number(seconds) * 1000);
  const {captions} = wishes;
  const burnt = !['soft', 'sidecar', 'none'].includes(captions);
  const cuts = ['silence', 'fillers'].filter((name) => wishes[name]);
  return {
    kind: 'clip', top: wishes.count, min_ms: shortest, max_ms: longest, prompt: wishes.prompt.trim(), genre: wishes.genre, language: wishes.language,
    hotwords: lines(wishes.hotwords).flatMap((line) => line.split(/[,，、]/)).map((word) => word.trim()).filter(Boolean),
    products: lines(wishes.products).map((line) => {
      const [name, ...aliases] = line.split(/[,，、]/).map((word) => word.trim()).filter(Boolean);
      return {name, aliases};
    }).filter((product) => product.name),
    look: wishes.look,
    render: {
      ...wishes.brand,
      captions: burnt ? 'burn' : captions, style: burnt ? captions : 'clean', aspect: wishes.aspect, framing: wishes.framing, quality: wishes.quality,
      speed: wishes.speed, title_card_ms: wishes.titleCard ? wishes.brand.title_card_ms || 2000 : 0, denoise: wishes.denoise, level_dialogue: wishes.levelDialogue, jump_cuts: cuts,
    },
  };
}

/** The other way round: the wishes of an earlier job. */
export function fromRequest(request) {
  const wishes = defaults();
  const lengths = `${Math.round(request.min_ms / 1000)}-${Math.round(request.max_ms / 1000)}`;
  return withRender({
    ...wishes, count: request.top ?? wishes.count, lengths: /^\d+-\d+$/.test(lengths) ? lengths : wishes.lengths, prompt: request.prompt || '',
    genre: request.genre || 'auto', language: request.language || 'auto', hotwords: (request.hotwords || []).join('\n'),
    products: (request.products || []).map((one) => [one.name, ...(one.aliases || [])].join(', ')).join('\n'), look: request.look ?? wishes.look,
  }, request.render || {});
}

/** Wishes with the look of a preset. What the form has no control for (watermark, intro, outro) stays in `brand`. */
export function withRender(wishes, render) {
  const {captions = 'burn', style = 'clean', aspect = 'source', framing = 'auto', quality = 'standard', speed = 100, title_card_ms: card = 0,
    denoise = false, level_dialogue: level = false, jump_cuts: cuts = [], ...brand} = render;
  return Object.assign(wishes, {
    captions: captions === 'burn' ? style : captions, aspect, framing, quality, speed, titleCard: card > 0, denoise, levelDialogue: level,
    silence: cuts.includes('silence'), fillers: cuts.includes('fillers'), brand: card > 0 ? {...brand, title_card_ms: card} : brand,
  });
}
