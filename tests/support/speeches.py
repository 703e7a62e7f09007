"""A made-up talk, interview and lesson with known subjects, in the same form as the shows."""

from __future__ import annotations

TALK_EN = """
#chat
good morning everyone and thank you for having me
i hope that you can all hear me in the last row
#sleep
let us start with something that all of us do badly and that is sleep
when i was twenty eight i slept four hours a night and i was proud of it
one morning i fell asleep at a red light with my son in the car
nothing happened but i sat there and my hands were shaking
a study with ten thousand nurses found that short sleep doubled their mistakes
the brain washes itself at night and without sleep it stays dirty
most people believe that they can catch up on sleep at the weekend
in fact the data shows that lost sleep is simply lost
the most important thing is to go to bed at the same time every night
since i learned that lesson my sleep has been the best part of my day
#failure
the second point that i want to make is about failure
my first company went bankrupt in nineteen ninety nine
i owed money to my brother and i could not look him in the eye
my father told me that failure is tuition and that i had paid for a very good school
the truth is that we learn almost nothing from success
success tells you that you were right and failure tells you why you were wrong
researchers looked at six hundred founders and the ones who had failed once did better
what matters is to fail small and to fail early
so write down every failure and what it taught you because memory is kind to us
the companies that hide their failures repeat their failures
#listening
moving on to my last topic which is listening
nobody ever fell in love with somebody because that person talked well
i remember a nurse who sat at my mother's bed and said nothing for an hour
my mother told me that it was the best conversation of her life
listening means that you are ready to change your mind
if you want to be a better listener count to three before you answer
surprisingly people who listen are remembered as the best speakers
the secret is that listening is a gift and costs nothing but time
when you really listen the other person hears himself for the first time
#chat
that is all i have thank you very much
the coffee is outside and the weather is lovely
"""

INTERVIEW_ZH = """
#chat
大家好欢迎收看我们的节目
今天的嘉宾是做咖啡的林老师
#创业
请问林老师您当初为什么辞职去创业
其实我那时候在银行工作每天都很痛苦
有一次开会我突然发现自己三年没有笑过
那天晚上我就给老板写了辞职信
我爸知道以后一个月没有跟我说话
创业的第一年我亏了八十万差点把房子卖了
但是我从来没有后悔过辞职创业这个决定
我觉得创业最重要的不是钱而是你愿不愿意为它失眠
#咖啡
那您觉得一杯好咖啡的关键是什么
很多人以为咖啡越苦越好其实是错误的
好咖啡应该是酸甜平衡的像水果一样
关键在于烘焙豆子烘焙早十秒晚十秒味道完全不一样
我为了学烘焙去了哥伦比亚住了半年
有一位八十岁的咖啡农告诉我豆子会说话
当时我不明白后来我真的听到了豆子爆开的声音
所以说一杯咖啡里面有种植的人烘焙的人和冲咖啡的人
#年轻人
最后一个问题您对想开店的年轻人有什么建议
我的建议是先去别人的店里打工一年
不要一开店就装修得很漂亮房租会把你压死
百分之七十的咖啡店活不过两年这是真实的数据
年轻人开店失败不可怕可怕的是不知道为什么失败
记住开店卖的不是咖啡是附近的人每天需要的一点温暖
我希望年轻人都能找到自己的那家店
#chat
好的谢谢林老师
感谢大家的收看我们下期见
"""

COURSE_EN = """
#chat
okay class can everybody see the slides
please switch off your phones
#interest
our first topic today is compound interest
compound interest means that you earn interest on your interest
for example you put one hundred into the bank at ten percent
after the first year you have one hundred and ten
in the second year you get ten percent of one hundred and ten which is eleven
so the interest grows because the base grows
to calculate compound interest take one plus the rate and raise it to the number of years
then multiply the result by the money that you started with
remember that the exponent is the number of years and not the rate
a common mistake is to multiply the rate by the years which is simple interest
#inflation
the next topic is inflation
inflation is the rate at which prices rise
imagine that a loaf of bread is two today and three next year
then inflation for bread is fifty percent
to measure inflation we take a basket of goods and compare its price each year
first add up the basket for the old year then for the new year
finally divide the new basket by the old basket and subtract one
the important thing is that inflation eats your savings
suppose your bank pays two percent and inflation is five
then your savings lose three percent of what they can buy so always compare with inflation
#chat
any questions no then see you next week
"""
SPEECHES = {"talk": (TALK_EN, "en"), "interview": (INTERVIEW_ZH, "zh"), "course": (COURSE_EN, "en")}
