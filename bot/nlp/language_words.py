"""Common words of English and of other languages in Latin letters: what `language.py` goes by.

Little words above all, and those that news of companies and markets is made of. Loanwords that many languages share
('chip', 'boom', 'deal', 'rally') tell nothing and stand nowhere.
"""

from __future__ import annotations

ENGLISH = frozenset(
    """
a about above across adds after again against ago ahead all almost already also although am amid among an and another
any are as at away back be became because been before began behind being below best better between beyond big bigger
biggest both but buys by calls came can cannot cheaper come comes could cut cuts day days despite did do does doing
done down due during each early eight either else enough even ever every expected expects facing falls far faster few
fewer fifth first five for four fourth from full further get gets give gives go goes going gone good got had half has
have having he head helps her here high higher highest him his hit hits holds how if in into is it its itself just
keeps know known largest last late later latest lead leads least left less lets like likely little long longer look
looks lost low lower lowest made make makes making many may maybe means meets might month months more most moves much
must my near nearly need needs never new next nine no none nor not nothing now of off often old on once one only onto
open opens or other others our out outside over own past per perhaps plans points puts quarter quite rather really
said same saw say saying says second see seeks seen sees set sets seven several shall she should show shows since six
small so some soon still stops such sure take taken takes talks tells ten than that the their them then there these
they thing things think third this those three through till to today together told too took top toward towards turns
two under unit unless until up upon us use used uses using very via wants was way ways we week weeks well went were
what when where whether which while who whom whose why will with within without won won't would year years yesterday
yet you your isn't aren't wasn't don't doesn't didn't can't couldn't wouldn't it's i'm we're they're that's i've we've
monday tuesday wednesday thursday friday saturday sunday january february april june july october december according
agreed agrees agreement amount analysts announced announces announcing approves asked awaits backed bans beat beats
becomes bets billion blames bond bonds boost boosts bought breaks bring brings broke brokers build builder builders
building built business buy buying capital cash chief chipmaker chipmakers chips climb climbed climbs close closed
closes closing companies company costs customers cutting data dealers deals debt decline declined declines delay
delayed delays delivers demand denied denies developers doubles downgrades dropped drops earnings eases ends estimates
executive expand expands expectations explores exports factory fails fall fallen falling fears fell files firm firms
forecast forecasts fund funds gained gains government grew grow growing grows growth guidance halts hedge hopes hours
house idle increase increases industry investment investors issues jobs joins jumped jumps lags launch launched
launches lawmakers layoffs lays leaps leased leases lifts loan loans loses loss losses lowers maker makers market
markets misses money mulls names notes offering offers officials older orders outlook owner owners oversupply owns
paid pays people people's familiar plan planned planning plant plants plunge plunged plunges posts power powers price
prices pricing probe production profit profits prompts pushes raise raised raises raising rates reaches recovers
record records reduces rejects released releases rent rental renting rents replaces report reported reportedly reports
results returns revenue rise risen rises rising rival rivals rose rows runs sale sales sank selling sells shareholders
shares sharply shift shifts shipments shipping ships shortage signs sinks slash slashes slides slid slips slow slowing
slows slump slumped slumps soar soared soars sold source sources speaks spending spends sought staff stake stakes
stocks stored struggles sues supplier suppliers supplies supply surge surged surges surplus takeover tariffs tens
thousands tightens time times tops trade traders trading trims tumble tumbled tumbles underlying unveiled unveils
upgrades urges users valued wall warned warning warns weak weaker weeklong weighed weighing weighs widens wins work
workers working works world worries worse worst worth writes me date dates door sit plus sum met die dies bus bet care
sense pour reduce hat van son fun pie pod war cant dont man centers share accused alleged brownout blackout cause
caused causes charges claims damage earthquake farm farms fire flood grid outage outages spare stolen storm strike
strikes summary theft trial water weather wind
""".split()
)

# Words of other languages that English texts hold as well, and that tell little of either.
SHARED = frozenset(
    "action actions ad ai air al bat bio bourse bu center centres co com dollar em en er est eu euros ex ga im kilo"
    " lira mis mln"
    " millions nan non op par pro sur un volt yr".split()
)

_OTHERS = """
German: verdoppelt streicht warnt verliert gewinnt überrascht zahl zahlen stark starken werke werk anleger steigert
 senkt verhandelt plant der die das den dem des ein eine einen einem einer eines und oder nicht ist sind war wird
 werden wurde wurden hat haben auf für mit von vom bei beim nach aus zu zum zur im am um bis über unter gegen durch
 auch sich mehr als noch nur wie wegen trotz sowie seit laut kein keine jahr jahre jahren quartal prozent aktie aktien
 aktionäre gewinn umsatz milliarden millionen unternehmen konzern börse börsen kurs kurse fällt fiel steigt stieg
 gestiegen gefallen bericht verkauft kauft bestätigt meldet investiert baut will könnte montag dienstag mittwoch
 donnerstag freitag heute rechenzentrum rechenzentren speicher speicherpreise chiphersteller nachfrage preise stellen
 ab vor
Dutch: verliest wint bouwt verhoogt verlaagt plannen terrein cijfers resultaten waarschuwing het een van voor met op
 aan bij naar uit door over onder tussen niet geen ook maar meer dan nog zijn wordt worden werd heeft hebben zal
 zullen kan kunnen om tot deze dit die dat de en aandeel aandelen procent miljard miljoen bedrijf winst omzet beurs
 koers daalt daalde stijgt steeg verkoopt koopt kwartaal jaar volgens wil maandag dinsdag woensdag donderdag vrijdag
 vandaag prijzen vraag banen schrapt chipmaker waarschuwt tekort
Afrikaans: die het nie vir van met op aan uit deur na maatskappy aandele persent wins dollar biljoen jaar verkoop sy
 hul
Danish: hæver sænker resultat rapport regnskab taber og af en et den det der til fra med på som er var har kan vil
 ikke for ved om efter ifølge aktien aktier aktie faldt falder stiger steg procent milliarder millioner kroner
 selskabet omsætning overskud kvartal mandag tirsdag onsdag torsdag fredag dag nu efterspørgsel fyrer sælger køber
 bygger priser
Norwegian: hever senker resultat rapport taper og av en et den det til fra med på som er var har kan vil ikke for ved
 om etter ifølge aksjen aksjer aksje falt faller stiger steg prosent milliarder millioner kroner selskapet omsetning
 overskudd kvartal mandag tirsdag onsdag torsdag fredag nå etterspørsel selger kjøper bygger priser
Swedish: höjer sänker lyfter rapport rapporten prognosen tappar och av en ett den det till från med på som är var har
 kan ska vill inte för vid om efter enligt aktien aktier aktie föll faller stiger steg procent miljarder miljoner
 kronor bolaget omsättning vinst vinsten kvartal kvartalet måndag måndagen tisdag tisdagen onsdag onsdagen torsdag
 torsdagen fredag fredagen idag nu efterfrågan säljer köper bygger priser priserna varslar
Icelandic: og að af um til frá með í á er var hafa hefur ekki fyrir við eftir sem hlutabréf hækkuðu lækkuðu hækkar
 lækkar milljarða milljóna fyrirtækið þriðjudag mánudag hagnaður félagið
Faroese: og av til frá við í á er var ikki sum eftir partabrøv felagið
French: relève abaisse loue construit réduit postes serveurs résultats prévisions dispara rapporte envisage le la les
 un une des du de au aux et ou ne pas est sont était sera ont a été par pour sur dans avec sans sous chez vers entre
 après avant selon malgré plus moins son sa ses leur leurs ce cette ces qui que dont où comme mais action actions
 titre bourse hausse baisse chute recule grimpe bondit perdu perd gagne cède vend achète milliards millions euros
 entreprise groupe bénéfice trimestre année lundi mardi mercredi jeudi vendredi puces centres données emplois prix
 supprime lance mise veut va d'un d'une qu'il l'action n'a c'est s'effondre puce
Spanish: alquila construye reduce dispara resultados previsiones cancela servidores empleos puestos cae sufre el la
 los las un una unos unas del al de y o en con por para sin sobre entre tras según hasta desde no se su sus que como
 más menos pero es son fue ha han será está están este esta acción acciones bolsa caen cayó sube suben subió pierde
 gana vende compra alza baja millones empresa ganancias ingresos trimestre año lunes martes miércoles jueves viernes
 hoy informe demanda chips centros datos recorta despide precios ventas eleva invertirá prevé anuncia
Portuguese: aluga constrói reduz dispara resultados previsões funcionários demissões o a os as um uma uns umas do da
 dos das de e ou em no na nos nas com por para sem sobre entre após segundo até não se seu sua seus suas que como mais
 menos mas é são foi ser será ao à pelo pela ação ações bolsa cai caem caíram caiu sobe subiu alta queda vende compra
 bilhões milhões empresa lucro receita trimestre ano segunda terça quarta quinta sexta hoje demanda preços corta
 anuncia diz demite prevê
Galician: o a os as unha do da dos das de e en non coa polo accións empresa cae sobe millóns segundo máis
Catalan: el la els les un una uns unes del dels de i o en amb per sense sobre entre segons fins no es seu seva que com
 més menys però és són va ha han accions borsa cau cauen puja pugen perd milions milers empresa trimestre any dilluns
 dimarts dimecres dijous divendres avui beneficis dades després
Italian: affitta costruisce riduce vola conti risultati stime dati centro il lo la i gli le un uno una di del dello
 della dei degli delle al allo alla ai agli alle dal dalla dai nel nella nei sul sulla con per tra fra e o ma non che
 come più meno è sono ha hanno sarà si suo sua suoi dopo secondo azione azioni titolo titoli borsa cade cadono crolla
 crollano sale salgono perde perso guadagna vende compra miliardi milioni azienda utili ricavi trimestre anno lunedì
 martedì mercoledì giovedì venerdì oggi domanda prezzi taglia annuncia calo rialzo posti in
Romanian: construiește construieşte pierde câștigă centru date rezultate raport și în la de din cu pe pentru prin după
 despre între nu este sunt a au fost va vor că care mai dar sau al ale lui un o acțiunile acțiuni bursa scad scade
 scăzut cresc crește crescut miliarde milioane compania profit venituri trimestrul luni marți miercuri joi vineri azi
 cererea prețurile vinde concediază
Polish: buduje przejmuje traci zyskuje podnosi obniża danych centrum pracowników i w we z ze na do od po o u za przez
 dla bez nad pod przed przy nie się jest są był była było będzie że jak co to a ale oraz lub jego jej ich już tylko
 akcje akcji kurs giełda spadły spada spadają wzrosły rośnie rosną mld mln dolarów złotych spółki spółka firma zysk
 przychody kwartał kwartale rok roku poniedziałek wtorek środę czwartek piątek dziś popyt ceny sprzedaje kupuje
 zwalnia
Czech: staví koupila koupil ztrácí zvyšuje snižuje dat centrum výsledky a i v ve s se z ze na do od po o u za pro bez
 nad pod před při ne je jsou byl byla bylo bude že jak co to ale nebo jeho jejich už jen akcie akcií kurz burza klesly
 klesla klesají vzrostly rostou miliard miliardy milionů dolarů korun společnosti společnost firma zisk tržby
 čtvrtletí rok roce pondělí úterý středu čtvrtek pátek dnes poptávka ceny prodává kupuje propouští podle
Slovak: stavia kúpila stráca zvyšuje znižuje dát centrum výsledky a i v vo s sa z zo na do od po o u za pre bez nad
 pod pred pri nie je sú bol bola bolo bude že ako čo to ale alebo jeho ich už len akcie akcií kurz burza klesli klesla
 vzrástli rastú miliárd miliardy miliónov dolárov eur spoločnosti spoločnosť firma zisk tržby štvrťrok rok roku
 pondelok utorok stredu štvrtok piatok dnes dopyt ceny predáva kupuje podľa
Slovenian: gradi kupila izgublja podatkovni center rezultati poročilu in v s z se na do od po o za pri iz ne je so bil
 bila bo da kot kaj pa ali delnice delnic borza padle padla zrasle zrasla milijard milijonov dolarjev evrov družba
 podjetje dobiček prihodki četrtletje leto torek sredo četrtek petek danes
Croatian: gradi kupila gubi podatkovni centar kod rezultati izvještaja i u s sa se na do od po o za pri iz ne je su
 bio bila bilo će da kao što ali ili nije dionice dionica burza pale pao pala porasle skočile milijardi milijuna
 dolara eura tvrtka tvrtke kompanija dobit prihodi kvartal godine ponedjeljak utorak srijedu četvrtak petak danas
 potražnja cijene otpušta prodaje zbog nakon akcije kompanije
Lithuanian: ir į iš su be per prie prieš nuo iki už apie ne yra buvo bus kad kaip bet ar arba jo jų tik jau akcijos
 akcijų akcijas birža krito smuko kilo augo mlrd mln eurų dolerių bendrovė bendrovės įmonė pelnas pajamos ketvirtį
 metų pirmadienį antradienį trečiadienį ketvirtadienį penktadienį šiandien paklausa kainos parduoda dėl po
Latvian: un uz no ar bez par pie pirms pēc līdz nav ir bija būs ka kā bet vai tikai jau akcijas akciju birža kritās
 kāpa pieauga miljardi miljardu miljonu eiro dolāru uzņēmums uzņēmuma peļņa ieņēmumi ceturksnī gada pirmdien otrdien
 trešdien ceturtdien piektdien šodien pieprasījums cenas pārdod
Estonian: ehitab rajab tõstab langetab kaotab tulemus teade ja on ei oli ning et kui ka aga või seda see tema oma üle
 alla pärast enne kuni vastu eest kohta aktsia aktsiad aktsiate börs langes langesid langeb tõusis tõusid tõuseb
 protsenti protsendi miljardi miljardit miljoni miljonit dollarit dollari eurot ettevõte ettevõtte firma kasum kasumi
 käive tulu tulud kvartal kvartali aasta aastal esmaspäeval teisipäeval kolmapäeval neljapäeval reedel täna nõudlus
 hinnad müüb ostab koondab ütles teatas mis kiibi kiibid andmekeskus andmekeskuse
Finnish: nostaa laskee rakentaa sijoittaa ennustettaan ennuste tulos yllätti menettää ja on ei oli että kun myös mutta
 tai se sen hän oma yli alle jälkeen ennen saakka mukaan osake osakkeen osakkeet pörssi laski laskivat nousi nousivat
 nousee prosenttia prosentin miljardia miljardin miljoonaa dollaria euroa yhtiö yhtiön voitto liikevaihto kvartaali
 neljännes vuoden vuonna maanantaina tiistaina keskiviikkona torstaina perjantaina tänään kysyntä hinnat myy ostaa
 irtisanoo kertoi sirujen datakeskus datakeskuksen
Hungarian: épít emeli csökkenti veszít eredmény jelentés a az egy és vagy nem van volt lesz hogy mint is de már még
 csak szerint után előtt között miatt ellen részvény részvénye részvényei részvények tőzsde esett estek esik
 emelkedett nőtt milliárd millió dollár dolláros forint cég vállalat nyereség bevétel negyedév évben hétfőn kedden
 szerdán csütörtökön pénteken ma kereslet árak elad vesz százalék százalékot
Turkish: kuruyor açıyor veri merkezi kaybetti yeni hissesinde artırdı ve bir bu da de ile için olan olarak daha en çok
 göre sonra önce kadar değil var yok ama veya hisse hissesi hisseleri hisseler borsa düştü düşüş yükseldi yükseliş
 arttı azaldı yüzde milyar milyon dolar lira şirket şirketi şirketin kâr gelir çeyrek yıl yılı pazartesi salı çarşamba
 perşembe cuma bugün talep fiyatları satıyor satın aldı açıkladı
Azerbaijani: və bir bu ilə üçün olan daha ən çox görə sonra əvvəl deyil səhmləri səhm birja düşdü artdı faiz milyard
 milyon dollar şirkəti şirkət
Uzbek: va bir bu bilan uchun boʻlgan keyin aksiyalari aksiyalar foizga milliard kompaniyasi narxi tushdi oshdi
Albanian: dhe në një të e për me nga është janë nuk që si por pas aksionet bursa ranë rritën miliardë milionë kompania
 fitimi përqind martën sipas
Irish: faoin gcéad ionad sonraí luach gearrann gearradh cuimhne sna leis an na agus ar ag i is ní níl tá bhí le do go
 den don chun faoi tar scaireanna scair thit d'ardaigh céad billiún milliún comhlacht dé luain máirt céadaoin
 déardaoin aoine brabús margadh praghas praghsanna éileamh tuairisc deir éis mar gheall
Scottish: an na agus air aig is chan tha bha le do gu den anns sgillinn earrannan thuit dh'èirich sa cheud billean
 companaidh dimàirt
Welsh: y yr a ac ar yn i o am gan gyda wedi mae oedd bydd nid ei eu fod cyfranddaliadau syrthiodd cododd cwmni biliwn
 miliwn cant ddydd mawrth elw gostyngodd
Basque: datu zentro bat eraikitzen ari eta da ez du dira zen dute baina edo ere akzioak akzioek burtsa jaitsi igo
 ehuneko milioi mila konpainiak enpresa asteartean
Maltese: il u ta fuq ma li minn għal bejn wara ishma waqgħu għolew biljun miljun kumpanija it-tlieta
Indonesian: bangun membangun data laporan dan di ke dari yang untuk dengan pada oleh dalam ini itu tidak akan telah
 sudah bisa lebih karena setelah saham harga turun naik anjlok melonjak persen miliar juta triliun dolar rupiah
 perusahaan laba pendapatan kuartal tahun senin selasa rabu kamis jumat hari permintaan jual beli cip pusat
Malay: dan di ke dari yang untuk dengan pada oleh dalam ini itu tidak akan telah lebih kerana selepas saham harga
 jatuh naik peratus bilion juta ringgit syarikat untung hasil suku tahun isnin selasa rabu khamis jumaat
Filipino: ang ng mga sa na ay at ni kay para hindi may mula ito nito ayon bumaba bumagsak tumaas bahagi porsyento
 bilyon milyon kumpanya kita martes noong
Vietnamese: và của là có không cho với trong trên từ đến sau trước theo về các những một này đã sẽ được bị do tại
 phiếu giảm tăng cổ đồng tỷ triệu đô la công ty lợi nhuận doanh thu quý năm thứ hôm nay giá bán mua
Swahili: yajenga kituo cha kwenye inajenga yapunguza na ya wa za la kwa ni katika kutoka baada kabla hii hiyo yake
 zake hisa zilishuka zilipanda asilimia bilioni milioni dola kampuni faida jumatatu jumanne jumatano alhamisi ijumaa
 leo bei soko imesema
Somali: iyo oo ka ku la waa waxa ee ayaa shirkadda saamiyada boqolkiiba
Hausa: da na ya ta ga ba don daga kamfanin hannun jari kashi biliyan
Yoruba: ati ti ni si fun lati awọn ile-iṣẹ ìpín
Zulu: ukuthi futhi kodwa amasheya inkampani amaphesenti ngoLwesibili izigidi
Haitian: nan ak pou yo ki pa te aksyon konpayi
Esperanto: konstruas la kaj de en al por kun sur ne estas estis ke kiel pli akcioj falis kompanio
Latin: et in est non ad cum sed ut ex per pro quod dolor sit amet ipsum
Hindi: ka ki ke ko se mein hai hain nahi aur gaya gaye share gira gire
"""


def _read(lines: str) -> dict[str, frozenset[str]]:
    """From lines 'Language: words', with further lines set in."""
    whole = lines.strip().replace("\n ", " ").splitlines()
    return {name: frozenset(words.split()) for name, _, words in (line.partition(":") for line in whole)}


OTHERS = _read(_OTHERS)
