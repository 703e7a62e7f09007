"""What is said in the made-up shows of `shows.py`."""

KITCHEN_EN = """
#chat
hello everyone and welcome to the friday evening show
my name is anna and i am so happy that you are here
tell me in the chat where you are watching from
i see people from london and from berlin tonight
we have three products for you so get yourself a cup of tea
#kettle
our first product tonight is the glass water kettle
it boils one and a half litres of water in only three minutes
the glass is very thick so it never breaks when you wash it
you can see the water turn blue when the kettle is hot
the handle stays cool so your children are safe
it switches itself off when the water boils
i have used this kettle every morning for two years
more than ten thousand customers gave it five stars
the usual price of the kettle is sixty dollars
tonight you pay only thirty nine dollars
and the shipping is free for every order
click the link below and put the kettle in your cart
#chat
let me drink some water before we go on
somebody in the chat asks if it is raining here
yes the weather is terrible today but the studio is warm
hello to maria who is new here
#vacuum
our second product today is the wireless vacuum
this vacuum weighs less than two kilos so you can carry it with one hand
the battery lasts for forty five minutes which is enough for the whole house
it picks up dust and pet hair from the carpet in one pass
the brush turns in every direction and reaches under the sofa
you empty the dust box with one button and never touch the dirt
the filter is washable so you save money on bags
in our test it was quieter than a hair dryer
you get a two year warranty from the maker
in the shops this vacuum costs two hundred dollars
with us it is ninety nine dollars and that is half price
we have only three hundred vacuums so order now before they are gone
#chat
thank you so much for all the hearts
i love the comments that you write tonight
my cat would run away from that thing
give me a second the camera has to move
#pan
next up is the non stick frying pan
this pan is made of cast aluminium with a stone coating
eggs and fish slide off the pan without any oil
that makes your breakfast healthy and easy
the pan works on gas and on induction
it is light enough to flip a pancake with one hand
you can put it in the dishwasher after dinner
cooks in big restaurants use the same coating
we scratched it with a steel spoon and nothing happened
one pan costs twenty five dollars tonight
if you take two pans you save ten dollars more
the offer ends at midnight so add it to your basket now
#chat
that was our show for tonight
thank you for watching and see you next friday
have a lovely weekend and good night
"""

GARDEN_EN = """
#chat
good morning good morning can you all hear me
i think the microphone is fine now
it is a lovely sunny day outside and we go live from the garden
so many of you already hi to peter and hi to susan
#hose
let us start with something for the summer the stretch hose
when you turn the tap on this hose grows to thirty metres
when you turn it off it shrinks and fits in a small bag
it never kinks and it never gets knots
the outside is woven cloth so the sun does not hurt it
there are eight spray modes from soft rain to strong jet
you can wash the car and water the roses with the same hose
my neighbour bought the hose last year and he still loves it
a normal hose of that length is around seventy pounds
today you take it home for twenty nine pounds
tap the yellow button under the video to get yours
#chat
oh a bird just landed on the table did you see that
so funny they always come when we are live
someone asks about my hat it was a birthday present
#gloves
now something for your hands the leather garden gloves
the palm is real goat leather and the back is breathable cotton
thorns from roses do not go through the leather
they are soft so you can still feel small seeds
a strap at the wrist keeps the soil out of the gloves
we have three sizes small medium and large
the gloves were tested by an institute in germany
after fifty washes they looked like new
one pair of gloves is fifteen pounds and two pairs are twenty five
delivery is free if you buy two pairs
there are only eighty pairs in stock so be quick
#chat
let me look at the comments for a moment
greetings from scotland hello and from wales hello
yes we will be here next week as well
i should really get some lunch after this
#lamp
and now for the solar lamp that everybody asked for
you stick this lamp into the ground and that is all there is to do
no cable and no electrician and no power bill
the solar panel charges all day and the lamp shines for twelve hours
it switches on by itself when it gets dark
the light is warm and does not bother your eyes
rain and snow are no problem because the lamp is sealed
i left one lamp outside for the whole winter and it still works
reviews give it four point eight stars out of five
a set of four lamps usually sells for fifty pounds
in this show the set is thirty two pounds with a coupon
the code is garden ten and you type it in at the checkout
#chat
wonderful that is all for this morning
bye bye everyone and enjoy the sun
"""

LIVE_ZH = """
#chat
大家好欢迎来到我们的直播间
今天是星期五大家下班了没有
新进来的朋友给主播点个赞
评论区告诉我你们是从哪里来的
好多人啊今天真热闹
#锅
我们今天的第一款产品是麦饭石不粘锅
这个锅的涂层是五层的煎鸡蛋一点都不粘
不用放很多油所以吃起来很健康
锅底特别厚受热非常均匀
电磁炉和燃气灶都可以用
锅很轻一只手就能拿起来
洗的时候用水一冲就干净了
我自己家里用了两年还像新的一样
这口锅在超市卖一百九十九
今天直播间只要八十九块钱
再送你一个锅铲和一个锅盖
喜欢的朋友赶紧点击一号链接下单
#chat
来喝口水休息一下
有朋友问我们那边天气怎么样
今天下雨了路上还堵车
谢谢大家送的礼物
#吸尘器
接下来第二款是无线吸尘器
这台吸尘器只有一点二公斤老人也拿得动
吸力非常强劲地毯里的灰尘和猫毛都能吸出来
充一次电可以用四十五分钟
一百平的房子全部打扫完没有问题
噪音很低孩子睡觉的时候也可以用
尘杯一键就能倒掉不会弄脏手
滤网可以用水洗不需要再买耗材
全国联保两年有问题直接换新的吸尘器
官方旗舰店的价格是五百九十九
今晚我们的到手价是两百九十九
库存只有三百台卖完就没有了
#chat
看看评论区大家在聊什么
昨天那场球赛你们看了吗
我嗓子有点哑不好意思
灯光是不是有点暗
#面膜
下一款给大家带来的是玻尿酸补水面膜
秋天皮肤干燥起皮的姐妹一定要看
这款面膜里面有三种玻尿酸
敷上去十五分钟皮肤马上就水润了
膜布是蚕丝的又薄又贴脸
不含酒精不含香精敏感肌也可以用
孕妇也可以放心用这款面膜
有国家的检测报告大家可以看一下
上次直播卖了两万盒回购的人特别多
平时一盒要一百二十块
今天买一盒送一盒只要九十九
二号链接已经上了手慢就没有了
#chat
好了今天的直播就到这里
谢谢大家的陪伴我们明天见
拜拜
"""

GADGETS_EN = """
#chat
hey folks we are live again from our little studio in dublin
how was your week mine was rather crazy to be honest
a big hug to all the regulars and to the ones who found us just now
grab a seat and relax because the evening is young
#earbuds
alright the opening act of the evening is this pair of running earbuds
they weigh five grams each and sit in your ear like they are glued in
sweat does nothing to them and neither does a heavy shower
the sound is rich with a deep bass that pushes you up the hill
with the case you listen for thirty hours before you look for a plug
a double tap on the left earbud takes a call
a microphone with wind filter makes sure that your mother understands you
runners magazine made them their winner of the year
everywhere else you see them for one hundred and twenty euros
our viewers get the earbuds for sixty nine
scan the code in the corner and they are in the post tomorrow
#chat
my producer is waving at me what does he want
ah he says i should not sit so close to the table
fine i will lean back a bit then
tommy in cork sends us a joke but i cannot read that one aloud
#projector
let me move on to the thing that i am most excited about a pocket projector
it is as small as a can of soda and you can carry it in your jacket
put it on a shelf and you have a picture two metres wide on the wall
the projector focuses on its own so the picture is sharp in a second
it has speakers inside and it talks to your phone without a cable
one charge gets you through a long film
in the garden at night it is bright enough for the whole family
we ran this projector for two hundred hours in our lab and it never got hot
if you do not like it send it back within sixty days and you get every cent
the list price of the projector says three hundred and forty euros
right here it is one hundred and ninety nine
there are two boxes of them behind me and when they are empty that was it
#chat
someone is knocking at the door i hope that is the pizza
no it was only the wind
we had a lovely evening with the team yesterday at the pub
the band played until two and i still have the tune in my head
#scale
the last piece for tonight is a kitchen scale that thinks
you put an apple on the scale and it tells you the sugar and the fibre
it knows nine hundred foods by name and learns new ones
the glass plate lifts off and goes under the tap
it measures in steps of one gram up to eight kilos
a nutrition coach that i trust recommends it to all her clients
my sister lost twelve pounds with this scale since easter
the batteries are in the box and hold for a year
twenty four euros is what the scale costs and i think that is a steal
whoever takes the scale now gets a recipe book on top for nothing
you find it in the shop under item number seven
#chat
so that is it from us sleep well and dream of pizza
take care of each other and until the next time
"""

# The shows below are for checking only: no cue or weight was chosen by looking at how they fail.

BEAUTY_EN = """
#chat
good evening ladies and gentlemen this is the late show with rita
it is nine o clock and the candles are burning
we have got music we have got snacks and we have got each other
first let me read some names linda carol joy and big daniel
#serum
so what is in the little brown bottle it is a vitamin serum for the face
three drops in the morning and your skin drinks it up at once
it makes dark spots paler and fine lines softer
there is no perfume in the serum and no alcohol either
women with sensitive skin have no trouble with it
a clinic in sweden followed two hundred women for eight weeks
nine out of ten said that their skin looked younger
one bottle of the serum lasts three months if you are careful
in the pharmacy you would leave fifty five dollars for it
my price is twenty nine ninety and the second bottle is half off
press the heart button and then the bag to order the serum
#chat
can somebody turn the music down a little thank you
my dog is asleep under the desk can you hear him snore
he had a long walk this morning by the river
#hairdryer
what i have in my hand now is a hair dryer that does not burn your hair
it measures the heat a hundred times a second and never goes over the limit
thick long hair is dry in four minutes
it makes hardly any noise so the baby keeps sleeping
three nozzles come with the dryer one for curls and one for volume
the motor is made for salons and runs for a thousand hours
you can fold the handle and take the dryer on a trip
hairdressers all over italy work with it every day
salons pay two hundred and fifty dollars for this dryer
you pay one hundred and nineteen and you can do it in three parts
forty dryers are still on the shelf so please do not wait too long
#chat
daniel wants to know what i had for dinner
it was soup again daniel nothing special
and the candle just went out one moment please
there we go much better
#towel
to finish the evening we have something cosy the bamboo bath towel
bamboo drinks three times more water than cotton
the towel feels like a cloud and it dries overnight
no smell even after a week in the gym bag
the colour stays the same after a hundred washes
it is woven in a family mill in portugal
our customers buy these towels again and again
you can have the towel in sand in sky and in forest green
a set of two towels was forty eight dollars last month
now the set is thirty one dollars and the post is on us
say towel in a message and we put one set aside for you
#chat
that is all from me and from the dog
sleep tight my dears
"""

FARM_ZH = """
#chat
各位老铁中午好我是你们的老朋友小梅
今天在果园里给你们直播风有点大
能听清楚我说话吗
上次那位大哥又来了你好你好
#苹果
先给你们看看我手里这个红富士苹果
早上刚从树上摘下来的还带着露水呢
咬一口特别脆汁水特别多
甜度有十五度小孩子最爱吃
我们的苹果不打蜡不套袋洗一洗就能带皮吃
每一个苹果都是我爸妈亲手挑的坏果包赔
去年卖了三十万斤没有几个差评
市场上一斤要八块钱还不一定新鲜
我们十斤苹果一箱现在三十九块九送到家
想吃的点下面的小黄车拍一箱
#chat
我喝口茶啊风太大了嗓子干
那边是我家的狗它叫旺财
旺财过来跟大家打个招呼
#蜂蜜
再来说说我们家的土蜂蜜
这个蜂蜜是山上的野花蜜一年只取一次
颜色是琥珀色的冬天会结晶这才是真蜂蜜
早上一杯蜂蜜水对肠胃特别好
不加糖不加水浓度有四十二度
这是农业局的检测报告各项指标都合格
我奶奶九十岁了每天都喝这个蜂蜜
假蜂蜜一泡就没有味道我们的越喝越香
别人家两斤卖一百六
我们的蜂蜜两斤装八十八还送一个木勺子
今年一共只有两百瓶要的朋友抓紧
#chat
有人问这边离县城远不远
开车要一个多小时呢路不好走
下个月我们村里办庙会可热闹了
#腊肉
最后上的是我妈做的柴火腊肉
用的是家里养了一年的黑猪
盐和花椒腌七天再用柏树枝熏一个月
腊肉切开是透明的肥的部分一点也不腻
蒸一下就可以吃炒蒜苗更香
没有防腐剂真空包装放冰箱能存半年
在外面打工的老乡年年都找我买腊肉
一斤腊肉要三斤鲜肉才能做出来
平常一斤卖七十五
今天拍两斤一百一十八顺丰发货
过年前就做这一批卖光就等明年了
#chat
好嘞今天就播到这儿
祝大家天天开心下回再见
"""

PETS_EN = """
#chat
well here we are again on a rainy tuesday with far too many dogs in one room
that barking is bruno and he would like to be on screen
thanks to everybody who came back after last week
i still have hair all over my trousers
#bed
i want to begin with a bed and it is not for you it is for the dog
inside there are twelve centimetres of foam that remembers the shape of the body
old dogs with bad hips get up from this bed without a groan
the edge is raised so that they can rest the chin
you pull the cover off and throw it into the washing machine at sixty degrees
underneath there is a rubber layer and the bed does not wander across the floor
our vet has four of these beds in her waiting room
most shops ask for one hundred and ten dollars
we have it for sixty eight dollars until sunday evening
pick your size on the page and we ship the bed on the same day
#chat
bruno please leave the cable alone
i told you he wants to be famous
a lady from oslo has sent a picture of her parrot what a handsome fellow
#fountain
cats are the next customers and what they get is a drinking fountain
cats do not like water that stands still so many of them drink too little
the fountain keeps two litres moving all day and all night
a carbon filter takes out the hair and the taste of chlorine
you hear nothing but a soft trickle
when the water gets low a red light reminds you
the bowl is steel because plastic gives some cats a rash
my two cats ignored it for an hour and have used nothing else since then
thirty four dollars buys the fountain with three filters
that is eleven dollars less than in may
there is a green field under the picture press it and you are done
#chat
who let the rabbit out
no really where is the rabbit
fine he is behind the curtain we can go on
#leash
and then there is a leash that glows in the dark
a thin tube of light runs through the whole leash
drivers see you from three hundred metres away
you load it at any phone charger and it shines for ten evenings
the handle is padded and does not cut into your fingers
it holds a dog of fifty kilos we hung a motorbike on it
the police dogs in our town walk on this leash
rain does no harm and neither does the sea
eighteen dollars is the price of the leash and two cost thirty
the blue ones are nearly gone but there is plenty of orange
write leash and your size into the order form
#chat
bruno has had enough and so have i
be good to your animals and to each other
"""

TEA_ZH = """
#chat
哈喽哈喽有没有人在呀
我先把手机架子调一下
今天外面挺凉快的穿了件毛衣
小王你帮我把窗户关一下
#茶
来咱们今天头一个上的是明前龙井茶
这是清明节以前采的头一批嫩芽
你看这个叶子扁扁的绿里带黄
开水放到八十度泡三分钟就能喝
喝到嘴里有一股豆花香回甘特别长
一年也就采这么十来天产量少
师傅在铁锅里用手炒了四个钟头
茶叶店里这种龙井一斤卖两千多
我这儿半斤罐装三百六十八块
买龙井茶的再给你配一个玻璃杯
想要的点屏幕下方直接拍
#chat
小王笑什么呢我脸上有东西吗
刚才那个大姐说她也养了一只橘猫
橘猫都胖得很
#外套
看看我身上这件羊毛外套好不好看
百分之九十的羊毛摸起来特别软
里面有一层薄绒零度穿着也不冷
肩膀这里是落肩的胳膊粗的姑娘放心穿
扣子是牛角做的每一颗花纹都不一样
颜色有驼色黑色和燕麦色
洗了五次没有起球没有缩水
我一米六五穿中码长度刚好盖住屁股
商场同样的外套吊牌一千二
咱家外套今天四百五十九
尺码不合适七天之内随便换
#chat
哎呀水洒了等我擦一下桌子
小王你别光站着呀
好嘞擦干净了
#台灯
还有一样宝贝是给孩子写作业用的护眼台灯
这个台灯的光跟太阳光差不多不闪
孩子盯着看一晚上眼睛也不酸
亮度一共有五挡用手一摸就能换
灯杆可以弯灯头可以转照得到整张书桌
坐姿不对的时候它会提醒孩子抬头
拿了国家护眼的那个双A证书
我儿子用了一个学期度数没有涨
别处卖三百多的台灯咱们这儿一百七十九
要台灯的抓紧时间仓库里还剩六十来个
#chat
行了嗓子都冒烟了
各位早点睡咱们后天接着唠
"""
