"""Words as terms: segmentation, stop words, light stems and numbers, in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = [
    "clean_text",
    "is_chinese",
    "join_words",
    "normalise",
    "numbers_in",
    "segment",
    "stem",
    "stop_words",
    "terms",
]

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")
_PIECES = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+|[^\W_]+(?:['’][^\W_]+)*")
_SPACES_IN_HAN = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STOP_EN = _words(
    """a about after again all almost already also although always am an and another any anybody anyone
    anything are around as ask at away back be became because been before being both but by call came can
    cannot come could day did do does doing done down each either else end enough even ever every everybody
    everyone everything feel few find first for from gave get give given go goes going gone good got great had
    has have having he hello her here hers herself hi him himself his how however i if in into is it its
    itself just keep kind know last least less let like little long look lot made make many may maybe me mean
    might mine minute moment more most much must my myself need never new next no nobody none nor not nothing
    now of off oh ok okay old on once one only onto or other others our ours out over own part people perhaps
    please put quite rather really right said same saw say see seem seen she should show since so some
    somebody someone something soon still such sure take taken talk tell than thank thanks that the their
    theirs them themselves then there these they thing things think this those though through time to today
    together told tonight too took toward try turn two under until up upon us use used very want was way we
    well went were what when where whether which while who whole whom whose why will with within without
    would yeah yes yet you your yours yourself im ive id ill youre youve youll hes shes its weve were theyre
    dont doesnt didnt isnt arent wasnt cant couldnt wont wouldnt thats theres whats lets gonna wanna uh um er
    ah hmm mhm three four five six seven eight nine ten second third"""
)
_STOP_ZH = _words(
    """的 了 着 过 地 得 是 在 有 和 与 及 或 也 都 就 还 又 再 才 很 太 更 最 非常 特别 不 没 没有 别 我 你 您
    他 她 它 我们 你们 他们 她们 咱们 咱 自己 大家 这 那 这个 那个 这些 那些 这样 那样 这么 那么 这里 那里 这边
    那边 什么 怎么 怎样 为什么 哪 哪里 哪个 谁 几 多少 一 二 三 两 一个 一下 一些 一点 一点点 有点 一样 一直
    一起 个 款 件 种 样 点 些 次 把 被 让 给 对 跟 从 到 向 往 为 为了 因为 所以 但是 但 可是 不过 而 而且 并
    并且 如果 要是 的话 虽然 然后 接着 接下来 那么 其实 就是 还是 可以 能 能够 会 要 想 应该 可能 需要 来 去
    上 下 里 外 中 前 后 看 看看 说 讲 做 弄 用 啊 呢 吧 吗 嘛 呀 哦 哈 嗯 呃 哎 啦 哇 哟 之 其 此 以 于 等 今天
    现在 时候 时间 东西 这种 那种 真的 真是 觉得 知道 好 好的 好了 对吧 是不是 有没有 行 嗨 第一 第二 第三 二来
    首先 其次 最后 已经 刚才 一定 直接 里面 上面 下面 出来 起来 过来 下来 家人 家人们 朋友 朋友们 宝宝 宝宝们"""
)
# What people write around their wish when they say what to look for.
_STOP_PROMPT = _words(
    """find clip clips video videos highlight highlights best pick choose cut moment moments part parts section
    only focus interesting wants prefer include please short 找 找出 剪 剪辑 片段 视频 精彩 高光 部分 挑 挑选 选
    关于 重点 要求 请 只要 帮 帮我 提到"""
)

_NUMBER_EN = (
    "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|"
    "seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|"
    "million|billion|half"
)
_NUMBERS = re.compile(
    rf"[$€£¥]?\d+(?:[.,]\d+)*%?|\b(?:{_NUMBER_EN})\b(?:[ -](?:and )?(?:{_NUMBER_EN})\b)*"
    r"|[一二两三四五六七八九十百千万亿零半]{2,}|[一二两三四五六七八九十百千万](?=块|元|折|毛|分钟|小时|年|天|倍|成)"
)


def clean_text(text: str, limit: int) -> str:
    """One line without control characters, at most ``limit`` characters, cut at a word where possible."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if len(flat) <= limit:
        return flat
    head = flat[: limit - 1]
    space = head.rfind(" ")
    return (head[:space] if space > limit // 2 else head).rstrip(" ,.;:，。；：、-") + "…"


def is_chinese(text: str) -> bool:
    """Whether Han characters make up at least a third of the letters."""
    han = sum(len(run) for run in _HAN.findall(text))
    letters = sum(c.isalpha() for c in text)
    return han > 0 and 3 * han >= letters


def normalise(text: str) -> str:
    """Lower case, straight apostrophes, no spaces between Han characters (recognisers put them there)."""
    flat = " ".join(text.casefold().replace("’", "'").split())
    return _SPACES_IN_HAN.sub("", flat)


def join_words(words: Iterable[str]) -> str:
    """Words as running text: spaces between Latin words, none beside Han characters."""
    text = ""
    for word in words:
        if text and not (_HAN.match(word) or _HAN.match(text[-1])):
            text += " "
        text += word
    return text


def segment(text: str) -> list[str]:
    """Words of normalised text in order, without punctuation; Han runs are segmented by a dictionary."""
    words: list[str] = []
    for piece in _PIECES.findall(text):
        if _HAN.match(piece):
            import rjieba  # late: the dictionary takes 0.3 s and English needs none

            words.extend(rjieba.cut(piece))
        else:
            words.append(piece)
    return words


def stem(word: str) -> str:
    """A light English stem: plural and verb endings only, so that different words stay apart."""
    if not word.isascii() or len(word) < 4:
        return word
    word = word.removesuffix("'s")
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "ches", "shes", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            if word[-1] == word[-2] and word[-1] not in "aeiouls":
                word = word[:-1]
            break
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


def stop_words() -> frozenset[str]:
    """Words that say nothing about the subject, English and Chinese."""
    return _STOP_EN | _STOP_ZH


def terms(text: str, *, prompt: bool = False) -> list[str]:
    """Stems of the content words in order; ``prompt`` also drops the words that wrap a wish."""
    found = []
    for word in segment(normalise(text)):
        bare = word.replace("'", "")
        if bare in _STOP_EN or bare in _STOP_ZH or (prompt and bare in _STOP_PROMPT):
            continue
        if len(bare) == 1 and not _HAN.match(bare):
            continue
        if _NUMBERS.fullmatch(bare):
            continue  # numbers are a feature of their own and say nothing about the subject
        found.append(stem(word))
    return found


def numbers_in(text: str) -> list[str]:
    """Numbers of normalised text, in digits or in words."""
    return _NUMBERS.findall(text)
