"""Cue phrases: what offers, benefits, proof, insight, questions or a new subject sound like, by genre.

Phrases are regular expressions without anchors: English ones match whole words of lower-case text, Chinese
ones match anywhere. A recogniser gets about every tenth word wrong, so each criterion has many short cues
rather than few long ones, and no decision hangs on a single one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from videoclip.schemas import Genre

__all__ = [
    "CHAT",
    "CLOSERS",
    "CONTINUERS",
    "GENRE_CRITERIA",
    "OPENERS",
    "Criterion",
    "Cues",
    "criteria_of",
]

_N_EN = (
    r"(?:\d[\d.,]*|(?:(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|"
    r"sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|"
    r"million|half)[ -]?)+)"
)
_TENS = "(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)"
_ONES = "(?:one|two|three|four|five|six|seven|eight|nine|ninety)"
_N_ZH = r"(?:\d[\d.]*|[一二两三四五六七八九十百千万零]+)"
_ORDINAL = r"(?:first|second|third|fourth|fifth|sixth|seventh|next|last|final|other)"
_SUBJECT = (
    r"(?:product|item|deal|topic|point|question|step|lesson|chapter|part|piece|gadget|pick|offer|story|tip|reason|"
    r"rule|example|section|subject|idea|theme|guest|gift|find|highlight|favou?rite|star|article|challenge|mistake)"
)


@dataclass(frozen=True, slots=True)
class Cues:
    """Phrases for one purpose, compiled once."""

    english: re.Pattern[str]
    chinese: re.Pattern[str]

    def hits(self, text: str) -> frozenset[str]:
        """Distinct phrases that occur in normalised text."""
        found = {m.group() for m in self.english.finditer(text)}
        found.update(m.group() for m in self.chinese.finditer(text))
        return frozenset(found)


def _cues(english: str, chinese: str) -> Cues:
    return Cues(
        re.compile(rf"(?<!\w)(?:{'|'.join(_lines(english))})(?!\w)"),
        re.compile("|".join(_lines(chinese))),
    )


def _lines(text: str) -> list[str]:
    return [part for line in text.strip().splitlines() for part in line.strip().split("; ") if part]


@dataclass(frozen=True, slots=True)
class Criterion:
    """A thing that makes a clip worth watching."""

    name: str
    weight: float
    """Share in the total, before normalisation."""
    saturation: float
    """Distinct cues at which the score reaches 1 - 1/e."""
    label_en: str
    label_zh: str
    cues: Cues


_OFFER = Criterion(
    "offer",
    1.3,
    1.6,
    "names a price or an offer",
    "说到价格或优惠",
    _cues(
        rf"""{_N_EN} ?(?:dollars?|bucks|euros?|pounds|cents|yuan|percent (?:off|less|discount|cheaper)|% off)
        [$€£¥] ?\d[\d.,]*; prices?; priced; discounts?; half price; deals?; special offer; coupons?
        (?:promo|discount|coupon|voucher) code; free shipping; free delivery; ships? free; free gift; for free
        save (?:you )?{_N_EN}; today only; tonight only; only (?:for )?(?:today|tonight|this week)
        while (?:stocks|supplies) last; limited; bundle; buy one; two for one; on sale; sale; regular(?:ly)?; (?:for|pay|only|is) (?:{_N_EN}(?:and )?)?{_TENS}[ -]{_ONES}(?=[.!]?$)
        usual(?:ly)? (?:costs?|sells?); instead of; for (?:just|only); cheap(?:er)?; bargain; knock off; costs?
        dollars?; throw in; half off""",
        rf"""{_N_ZH}(?:块|元|折)[^，。]?; {_N_ZH}毛; [¥￥]\d+; 价格; 原价; 现价; 特价; 优惠; 折扣; 打折; 半价; 包邮; 免运费
        赠品; 赠送; 送你; 送一; 买一送; 立减; 满减; 优惠券; 领券; 福利; 便宜; 划算; 只要; 只需; 限时; 限量; 秒杀; 到手价; 到手
        今晚价; 直播间价; 专属价; 省{_N_ZH}; 降价; 破价; 清仓; 性价比""",
    ),
)
_BENEFIT = Criterion(
    "benefit",
    1.0,
    2.5,
    "says what it is good for",
    "讲清好处",
    _cues(
        """easy; easily; easier; light; lightweight; weighs?; powerful; power; quiet; silent; fast; faster; quick(?:ly)?
        safe; soft; comfortable; durable; waterproof; battery; lasts?; saves? (?:you )?time; perfect; great for; ideal
        no more; never have to; without; keeps?; so you; helps?; works (?:with|on|for|in); fits?; clean(?:s|ing|er)?
        fresh; warm; hot; cool; cold; healthy; smooth; bright; strong; sharp; compact; portable; folds?; foldable
        charges?; charged; minutes; hours; made (?:of|from|in|with); steel; stainless; cotton; leather; organic; wool
        amazing; beautiful; gorgeous; reduces?; protects?; removes?; adjustable; washable; dishwasher; rechargeable
        you (?:can|get|will); comes with; only takes?; in seconds; grams; every day; all day; all night; size; colou?rs?
        suction; mode; modes; built in; handles?""",
        """轻便; 轻松; 轻巧; 方便; 好用; 好吃; 好喝; 好看; 耐用; 耐磨; 防水; 防滑; 静音; 安静; 强劲; 大吸力; 吸力; 续航; 充电
        省时; 省力; 省电; 适合; 完美; 柔软; 舒服; 舒适; 透气; 保暖; 保温; 保湿; 补水; 清洁; 干净; 新鲜; 健康; 安全; 营养; 纯棉
        真皮; 不锈钢; 材质; 面料; 容量; 小巧; 便携; 折叠; 可以用; 不用担心; 再也不; 不伤; 不会; 一键; 秒; 小时; 分钟; 口感; 香
        细腻; 顺滑; 显瘦; 百搭; 解决; 帮你; 保护; 减少; 去除; 功能; 升级; 设计; 质量; 效果; 加热; 可拆洗; 可调节""",
    ),
)
_PROOF = Criterion(
    "proof",
    0.6,
    1.5,
    "backs it up",
    "有依据",
    _cues(
        """tested; tests?; customers?; reviews?; stars; rated; ratings?; awards?; sold; best ?sell(?:er|ing); warranty
        guarantees?; guaranteed; certified; doctors?; experts?; clinically; studies; study; money back; returns?; returned
        i use; i used; i have used; i've used; i have been using; my (?:mother|mom|wife|husband|sister|daughter|son|neighbou?r)
        thousand; thousands; million; compared?; compare; years (?:of|warranty|guarantee); year (?:warranty|guarantee); for (?:\\w+ ){0,2}years?; try it; tried; demo; demonstrate; recommend(?:ed|s)?; proven
        watch this; look at (?:this|that|how)""",
        """检测; 测试; 实测; 认证; 证书; 专利; 好评; 评价; 回购; 复购; 销量; 卖了; 卖出; 爆款; 质保; 保修; 退货; 包退; 无理由; 正品; 品牌
        专柜; 医生; 专家; 亲测; 我自己(?:也)?(?:在)?用; 我妈; 我老公; 我老婆; 我用了; 用了[^，。]{0,3}年; 对比; 试一下; 试试看; 现场; 演示; 大家看; 排名
        推荐""",
    ),
)
_ACTION = Criterion(
    "action",
    0.6,
    1.2,
    "asks to order",
    "引导下单",
    _cues(
        """order; orders; ordered; ordering; buy (?:it|now|one|two|three|yours|them|this|these|today|here|your); click; clicks?; link; cart; (?:in|into|to) (?:your|the) (?:cart|basket|bag); add (?:it )?to; tap (?:the|on|here|below|it); button; grab (?:it|one|yours|this|them|your); hurry
        get yours; get it (?:now|today); don't miss; do not miss; dont miss; shop; check ?out; before (?:it|they)
        in stock; stock; units left; pieces left; only .{1,20} left; (?:few|pieces|units|many|hundred|dozen|pairs|sets) left; hundred pieces; hundred units; go fast; sells? out; sold out
        reserve; claim; pick one up""",
        """下单; 购买; 链接; 小黄车; 购物车; 点击; 加购; 抢; 拍下; 开抢; 上链接; 赶紧; 赶快; 抓紧; 手慢; 库存; 只剩; 最后[^，。]{0,4}(?:单|件|套|份)
        不要错过; 别错过; 扣一; 扣1; 左下角; 右下角; 立即; 备货; 拍一; 冲; 入手; 带走; 囤""",
    ),
)
_INSIGHT = Criterion(
    "insight",
    1.2,
    1.6,
    "makes a point",
    "有观点",
    _cues(
        """the key; key (?:is|to|thing); the point; most important; important; what matters; matters; lessons?; learn(?:ed|t)
        the truth; truth is; remember; the reason; reasons?; that is why; that's why; in other words; the problem; the answer
        i believe; we believe; reali[sz]ed?; means; because; the secret; secret; what if; never forget; the idea; ideas?
        the difference; difference between; if you want; you have to; we need to; the question is; the only way; the best way
        changed (?:my|the|our|how|every)\\w*; i think; the real; advice; mistakes?; principle; depends on; the future; understand""",
        """关键; 重要; 核心; 本质; 意味着; 其实; 真正; 原因; 因为; 所以说; 换句话说; 问题在于; 答案; 我认为; 我觉得; 我相信; 明白; 发现; 秘密; 启发
        教训; 道理; 记住; 如果你; 区别; 不是[^，。]{1,12}而是; 只有[^，。]{1,12}才; 建议; 原则; 规律; 未来; 改变; 理解; 意义; 价值; 方法; 误区""",
    ),
)
_STORY = Criterion(
    "story",
    0.8,
    1.6,
    "tells a story",
    "讲故事",
    _cues(
        """when i was; one day; years? ago; i remember; the first time; my (?:father|mother|dad|mom|parents|brother|sister|friend|boss|teacher|grand\\w+)
        told me; said to me; asked me; then i; suddenly; nineteen \\w+; back then; at that (?:moment|time); happened; one (?:night|morning|evening|afternoon)
        i was; i went; i had; i met; i walked; i decided; i quit; we were; there was; once; story; grew up; childhood; ended up; i started; that night""",
        """小时候; 有一天; 有一次; 年前; 我记得; 第一次; 我爸; 我妈; 父亲; 母亲; 老师; 朋友; 告诉我; 问我; 突然; 当时; 那时候; 那年; 后来; 发生; 故事; 经历
        结果; 我就; 遇到; 决定; 辞职; 创业; 毕业; 那天; 晚上; 刚开始""",
    ),
)
_SURPRISE = Criterion(
    "surprise",
    0.7,
    1.6,
    "says something unexpected",
    "出人意料",
    _cues(
        """surpris\\w+; nobody; no one; in fact; actually; believe it or not; turns out; turned out; unexpected\\w*; wrong; myth; opposite
        contrary; but; instead; even though; never; strange(?:ly)?; crazy; incredibl[ey]; shock\\w+; impossible; counterintuitive; however; yet
        most people; everyone thinks; you would think; you might think; failed; failure; worst""",
        """没想到; 想不到; 居然; 竟然; 恰恰相反; 相反; 但是; 可是; 然而; 其实不; 错误; 大多数人; 很多人以为; 以为; 意外; 震惊; 奇怪; 不可思议; 从来没; 失败; 反而; 颠覆""",
    ),
)
_EVIDENCE = Criterion(
    "evidence",
    0.6,
    1.4,
    "gives evidence",
    "有数据",
    _cues(
        f"""percent; million; billion; study; studies; research(?:ers)?; data; experiments?; measured; found that; according to; times (?:more|as|less|faster)
        evidence; results?; survey; {_N_EN} (?:years?|people|times|percent|days|hours|months|weeks); average; doubled; statistics; scientists?; numbers?""",
        f"""百分之; 数据; 研究; 实验; 调查; 统计; 证明; 结果显示; 倍; {_N_ZH}(?:年|个人|万|亿|次|天|个月); 平均; 增长; 科学家; 报告; 案例""",
    ),
)
_QUESTION = Criterion(
    "question",
    0.9,
    1.4,
    "answers a question",
    "一问一答",
    _cues(
        """\\w+\\?; (?:what|why|how|when|who|where) (?:did|do|does|is|was|were|are|would|will|made|makes|about|can|should|have|has)
        (?:did|do|have|are|were|would|could|can) you; tell (?:us|me) about; your (?:take|view|opinion|advice|biggest|first)
        i want to ask; i wanted to ask; next question; my question; what advice; great question; good question; is it true""",
        """[?？]; 为什么; 怎么看; 什么时候; 是什么; 如何; 您觉得; 你觉得; 能不能; 请问; 想问; 问一下; 下一个问题; 怎么做; 有没有; 好问题; 是怎么; 聊聊""",
    ),
)
_EMOTION = Criterion(
    "emotion",
    0.6,
    1.4,
    "shows feeling",
    "有情绪",
    _cues(
        """scared; afraid; fear; cried; crying; cry; tears; laugh\\w*; love; loved; hate; proud; pain\\w*; happy; happiest; sad; angry; lonely; hard(?:est)?
        difficult; struggl\\w+; excit\\w+; terrified; grateful; honest(?:ly)?; hope; dream; worried; nervous; shame; regret; emotional; heart""",
        """害怕; 哭; 眼泪; 笑; 爱; 恨; 骄傲; 自豪; 痛苦; 开心; 难过; 生气; 孤独; 艰难; 困难; 挣扎; 激动; 感动; 感恩; 希望; 梦想; 担心; 紧张; 后悔; 遗憾; 幸福; 坚持""",
    ),
)
_DEFINITION = Criterion(
    "definition",
    1.0,
    1.3,
    "explains a term",
    "解释概念",
    _cues(
        """is called; are called; is defined; we call; called; means; meaning; definition; stands for; in short; refers to; what is an?; concept; known as
        is just; is simply; consists? of; the term; formula; theorem""",
        """叫做; 称为; 所谓; 定义; 指的是; 是指; 意思是; 简单来说; 概念; 也就是; 就是说; 公式; 定理; 原理; 含义""",
    ),
)
_METHOD = Criterion(
    "method",
    1.0,
    2.0,
    "shows how to do it",
    "讲方法",
    _cues(
        """steps?; step (?:one|two|three|four|five); first; then; next; finally; how to; you need to; you have to; make sure; start by; remember to; the rule
        let's (?:try|do|write|open|add|see); we (?:add|write|take|use|put|multiply|divide|subtract); click; open; type; write; solve; calculate; try it; method""",
        """步骤; 第[一二三四五六七八九十]步; 首先; 然后; 接着; 最后; 怎么; 如何; 需要; 记得; 确保; 方法; 操作; 打开; 点击; 输入; 计算; 我们来; 写; 代入; 求; 技巧""",
    ),
)
_EXAMPLE = Criterion(
    "example",
    0.8,
    1.2,
    "gives an example",
    "举例说明",
    _cues(
        """for example; for instance; example; let's say; imagine; suppose; let's look at; such as; consider; say you; think of; picture; case; analogy; just like""",
        """比如; 例如; 举个例子; 例子; 假设; 想象; 来看; 就像; 好比; 譬如; 案例; 例题""",
    ),
)
_TAKEAWAY = Criterion(
    "takeaway",
    0.8,
    1.3,
    "sums up what to remember",
    "总结要点",
    _cues(
        """in summary; to sum up; summary; remember; key point; takeaway; common mistake; mistakes?; important; tips?; always; never; in conclusion; the key; exam
        don't forget; do not forget; trick; watch out; careful; so now you know; that is why; that's why; because; the idea; rule of thumb""",
        """总结; 小结; 记住; 重点; 要点; 关键; 注意; 易错; 常见错误; 重要; 一定要; 千万; 不要忘; 考点; 必考; 结论; 所以; 因为; 窍门; 归纳""",
    ),
)

GENRE_CRITERIA: dict[Genre, tuple[Criterion, ...]] = {
    Genre.COMMERCE: (_OFFER, _BENEFIT, _PROOF, _ACTION),
    Genre.TALK: (_INSIGHT, _STORY, _SURPRISE, _EVIDENCE),
    Genre.INTERVIEW: (_QUESTION, _INSIGHT, _STORY, _EMOTION),
    Genre.COURSE: (_DEFINITION, _METHOD, _EXAMPLE, _TAKEAWAY),
}
"""What counts in each genre; ``auto`` picks one of these."""


def criteria_of(genre: Genre) -> tuple[Criterion, ...]:
    """Criteria of a genre; ``auto`` without a transcript at hand counts as a talk."""
    return GENRE_CRITERIA.get(genre, GENRE_CRITERIA[Genre.TALK])


@cache
def _border_cues() -> dict[str, Cues]:
    return {
        "strong": _cues(
            rf"""(?:our|the|my|your|this|a|today's|tonight's|and) {_ORDINAL} {_SUBJECT}; {_ORDINAL} {_SUBJECT}; {_ORDINAL} up; next up; up next
            (?:product|item|topic|question|step|chapter|lesson|part|section|deal|lot|tip|rule|reason) (?:number )?(?:one|two|three|four|five|six|seven|\d)
            number (?:one|two|three|four|five|six); mov(?:e|ing) (?:right )?(?:on|along); let's move; let us move; turning to; let's turn to; let us turn to
            (?:now|next) (?:let's|let us|i want to|i'd like to|we(?:'ll| will)?) (?:talk about|look at|turn to|discuss|see|have|come to)
            let's talk about; let us talk about; let's get to; let's start with; let us start with; we start with; we begin with; to start (?:us )?off; kick off with
            and now for; now for something; here comes; say hello to; introducing; (?:on|over) to the next; on to; the next (?:thing|one); the last (?:thing|one)
            (?:now|next) let me (?:show|present|introduce)
            another (?:thing|product|question|topic|item|story|point); change (?:of )?(?:the )?(?:subject|topic); switch gears; let me introduce; i'd like to ask""",
            r"""接下来; 下一(?:款|个|件|样|位|章|节|题|步|部分|点); 第[一二三四五六七八九十0-9]+(?:款|个(?!人|月|小时)|件|样|点|步|部分|章|节|课|题|类|种|位)
            最后一(?:款|个|件|样|点|部分); 再来(?:看|说|讲); 换一(?:款|个); 换个话题; 说到下; 我们来(?:看|聊|说|讲|介绍); 来聊聊
            (?:要|来|再)?给大家(?:介绍|带来|推荐|分享|上); 今天(?:的)?(?:主推|重头戏); 压轴; 开场; 先来(?:看|介绍|说|一款); 首先; 其次; 再说; 另外一(?:款|个|件|点); 下面(?:这|我们|来|要|是)
            隆重; 马上上; 上新; 进入; 轮到; 还有一(?:款|件|样)""",
        ),
        "weak": _cues(
            """let me show you; i want to show you; let me present; (?:have|got) (?:for|here for) you; (?:meet|present|presenting) (?:the|our|my)
            have you ever; do you (?:know|have|struggle|remember|ever); who (?:here )?(?:loves|likes|needs|has|wants); i brought; we have (?:the|a|an|our|this)
            now; so; alright; all right; okay; ok; anyway; back to; speaking of; today we; this is (?:the|a|an|our)""",
            """你有没有; 有没有; 大家看; 看过来; 这(?:一)?款; 这个是; 带来; 好了; 好的; 好; 那么; 说到; 回到; 言归正传; 来""",
        ),
    }


class _Openers:
    """Phrases that begin a subject, and how sure they are."""

    def strength(self, text: str) -> float:
        """0 none, 0.35 weak (at the sentence start only), 1 strong, for normalised text."""
        cues = _border_cues()
        if cues["strong"].english.search(text) or cues["strong"].chinese.search(text):
            return 1.0
        if cues["weak"].english.match(text) or cues["weak"].chinese.match(text):
            return 0.35
        return 0.0


OPENERS = _Openers()
"""Begins of a subject: "our second product", "next up", "接下来", "下一款"."""

CLOSERS = _cues(
    r"""that was (?:the|our|my); that's it for; that is it for; so that's (?:the|our); before we (?:go|move|continue|start|look|get|turn)
    let's take a; let us take a; short break; little break; thank you (?:so|very) much; thanks (?:so|very) much; thanks a lot
    good choice; great choice; moving (?:right )?(?:on|along); enough about; done with; wraps up; to wrap up""",
    """这款就(?:到|讲|介绍)(?:这|完); 就到这; 讲完了; 介绍完; 休息一下; 谢谢; 感谢; 说完了; 先这样; 聊到这; 告一段落""",
)
"""Ends of a subject."""

CHAT = _cues(
    r"""welcome(?: back)?; (?:hello|hi|hey) (?:everyone|everybody|there|again|my|to|from|all|friends|folks|guys|and)
    good (?:morning|evening|afternoon|night); how are you; how is everyone; how's everyone; thanks for (?:joining|watching|being|coming|the|all|your)
    thank you for (?:joining|watching|being|coming|the|all|your); where are you; where you are; watching from; tuning in; tuned in; joining us; in the chat
    the chat; the comments; comments; comment section; say hi; says hi; say hello to (?:everyone|all|our viewers); my name is; i am your host; i'm your host; weather; raining; sunny
    a sip; drink (?:of|some) (?:water|tea|coffee); glass of water; cup of (?:tea|coffee); give me a (?:second|moment|minute); hear me; the shout ?out; like button
    follow (?:us|me|the|our); subscribe; see you (?:next|tomorrow|again|soon|on|all|then); goodbye; good ?bye; bye; that's all; that is all; have a (?:nice|lovely|good|great|wonderful)
    happy birthday; birthday; weekend; my (?:cat|dog|kids?|flight|train|car|street|voice|lunch|dinner|breakfast); traffic; by the way; football; the game; last night
    stay with us; stick around; stay tuned; don't go away; before we (?:go|move|continue|start|begin|look|get|turn); be right back; (?:camera|microphone|sound|lights?|lighting|picture) (?:is|are|has|have|seems?) (?:okay|ok|fine|gone|off|on|bad|too|not|working|stuck|broken|frozen|to)
    i see (?:a|some|many|lots|that) (?:questions?|comments?|people|of|messages?); (?:a|some) viewers?; viewers; audience; somebody (?:asks|asked|wrote|writes); someone (?:asks|asked|wrote|writes); new here; songs?; music
    movies?; funny; laugh(?:ing)?; vacation; yesterday; this morning; greetings?; so many of you; lots of you; hearts; messages?; your questions; have a question; jokes?; umbrella""",
    r"""大家好; 欢迎; (?:晚上|早上|下午|中午)好; 弹幕; 评论区; 公屏; 点个?赞; 点点关注; 关注一下; 关注(?:我们|主播); 喝口水; 喝点水; 休息一下; 听得(?:到|清|见); 天气; 下雨; 吃饭; 吃了吗; 吃了什么; 再见; 拜拜
    (?:明天|下次|下周|下期)见; 谢谢大家; 感谢(?:大家|各位|支持|陪伴|关注); 感谢[^，。]{0,8}(?:礼物|关注|支持); 哪里人; 哪里的; 哪个城市; 从哪里; 新进来; 刚进来; 新来的; 进直播间; 灯牌; 粉丝团; 聊聊天; 闲聊; 周末; 放假; 堵车; 地铁; 昨天; 昨晚; 孩子放学
    我家(?:猫|狗|孩子); 麦克风; 镜头; 灯光; 嗓子; 听歌; 唱歌; 电影; 球赛; 生日; 哈哈; 打个招呼; 互动; 有人问; 有朋友问; 别走开; 马上回来; 我是主播; 大家聊; 好多人; 这么多人""",
)
"""Small talk that carries no subject: greetings, weather, the chat, sound checks."""

CONTINUERS = _cues(
    r"""^(?:and|it|its|it's|they|them|that|which|because|but|also|plus|then|he|she|this means|these|those|so you|so that|with|or|even)""",
    """^(?:它|它的|而且|并且|还有|另外|所以|因为|但是|然后|也|这样|不但|同时|包括|再加上|他|她|这个价|它们)""",
)
"""Beginnings that lean on the sentence before, so no subject starts there."""
