//! What mail programs write around the mail they quote, by language. A new language is a few words more in each table.

/// How a line begins that introduces a quoted mail: "On Monday, Dana wrote:". Followed by a blank.
#[rustfmt::skip]
pub(super) const OPENERS: &[&str] = &[
    "On", "At", "In message", // English
    "בתאריך", "ביום", "ב-", "ב־", // Hebrew
    "في", "بتاريخ", "يوم", // Arabic
    "В", "Вы", // Russian
    "Am", "Le", "El", "Em", "Il", "Op", "Den", "Dnia", "Dňa", "Dne", "Pe", "På", "在", "V", "Tarihinde",
];

/// Who wrote it: one of these words stands in the line.
#[rustfmt::skip]
pub(super) const VERBS: &[&str] = &[
    "wrote", "writes", "says", "said", // English
    "כתב", "כתבה", "כתב/ה", "כתבו", // Hebrew
    "كتب", "كتبت", // Arabic
    "написал", "написала", "написал(а)", "пишет", "писал", "писала", "писал(а)", // Russian
    "пише", "написав", "написала", // Ukrainian
    "schrieb", "schrieben", "geschrieben", // German
    "a écrit", "écrit", "nous a dit", // French
    "escribió", "escribio", // Spanish
    "escreveu", // Portuguese
    "ha scritto", // Italian
    "schreef", "geschreven", // Dutch
    "skrev", // Danish, Norwegian, Swedish
    "napisał", "napisał(a)", "napisała", "pisze", // Polish
    "napísal", "napsal", "napsal(a)", // Slovak, Czech
    "a scris", "kirjoitti", "yazdı", "写道", "寫道", "のメッセージ",
];

/// What stands between the dashes of `----- Original Message -----`, in lower case.
#[rustfmt::skip]
pub(super) const DIVIDERS: &[&str] = &[
    "original message", "original appointment", "forwarded message", "reply message", "forwarded by",
    "הודעה מקורית", "הודעה שהועברה", "ההודעה המקורית",
    "الرسالة الأصلية", "رسالة أصلية", "رسالة معاد توجيهها",
    "исходное сообщение", "пересылаемое сообщение", "пересланное сообщение", "оригинальное сообщение",
    "ursprüngliche nachricht", "weitergeleitete nachricht", "originalnachricht",
    "message d'origine", "message transféré", "message original", "courriel original",
    "mensaje original", "mensaje reenviado", "mensagem original", "mensagem encaminhada",
    "messaggio originale", "messaggio inoltrato", "oorspronkelijk bericht", "doorgestuurd bericht",
    "opprinnelig melding", "ursprungligt meddelande", "oprindelig meddelelse", "wiadomość oryginalna",
    "oryginalna wiadomość", "původní zpráva", "原始邮件", "原始郵件", "转发邮件",
];

/// Lines that introduce a forwarded mail by themselves, in lower case.
#[rustfmt::skip]
pub(super) const FORWARDS: &[&str] = &[
    "begin forwarded message", "début du message transféré", "début du message réexpédié",
    "anfang der weitergeleiteten nachricht", "inizio messaggio inoltrato", "inicio del mensaje reenviado",
    "התחלת הודעה שהועברה", "начало переадресованного сообщения", "##-",
];

/// How the line begins that desks write above the mails they send, in lower case.
#[rustfmt::skip]
pub(super) const ABOVE: &[&str] = &[
    "reply above this", "reply above the", "please reply above", "please type your reply above", "type your reply above",
    "write your reply above", "please respond above", "respond above this", "please write above", "your reply above",
    "נא להשיב מעל", "אנא השיבו מעל", "אנא השב מעל", "השב מעל", "ответьте выше", "пожалуйста, ответьте выше", "اكتب ردك فوق",
];

/// Names of the fields that mail programs repeat above a quoted mail, in lower case.
/// The first of a row tell who wrote it.
#[rustfmt::skip]
pub(super) const AUTHOR_FIELDS: &[&str] = &[
    "from", "מאת", "מ", "من", "от", "від", "von", "de", "da", "van", "fra", "från", "expéditeur", "od", "发件人", "寄件者",
];

/// The others.
#[rustfmt::skip]
pub(super) const OTHER_FIELDS: &[&str] = &[
    "sent", "date", "to", "cc", "bcc", "reply-to", "subject", "importance", "attachments", "resent-from",
    "נשלח", "תאריך", "אל", "עותק", "העתק", "נושא", "לכבוד", "ל",
    "تم الإرسال", "أرسلت", "التاريخ", "إلى", "الى", "نسخة", "الموضوع",
    "отправлено", "дата", "кому", "копия", "тема", "надіслано",
    "gesendet", "datum", "an", "betreff", "envoyé", "le", "à", "destinataire", "répondre à", "objet",
    "enviado", "enviado el", "enviada em", "fecha", "para", "asunto", "assunto", "data", "inviato", "a", "risposta", "oggetto",
    "beantwoorden - aan", "aan", "verzonden", "onderwerp", "sendt", "til", "emne", "skickat", "till", "ämne",
    "wysłano", "wysłane", "do", "temat", "发送时间", "收件人", "主题", "抄送",
];

/// How the line begins that a telephone's mail program adds, in lower case.
#[rustfmt::skip]
pub(super) const MOBILE: &[&str] = &[
    "sent from ", "sent via ", "sent with ", "sent by ", "from my ", "get outlook for ", "<<sent ", "(sent ", "<sent ",
    "נשלח מה", "נשלח מ", "נשלח באמצעות", "נשלח ב-",
    "أُرسلت من", "أرسلت من", "تم الإرسال من", "مرسل من",
    "отправлено с ", "отправлено из ", "послано с ", "надіслано з ",
    "von meinem ", "gesendet mit ", "gesendet von ", "diese nachricht wurde von ",
    "envoyé de ", "envoyé depuis ", "envoyé à partir ", "enviado desde ", "enviado do ", "enviado a partir ", "enviado de ",
    "inviato da ", "sendt fra ", "skickat från ", "från min ", "verzonden met ", "verstuurd vanaf ", "verzonden vanaf ",
    "wysłane z ", "wysłano z ", "odesláno z ", "從我的 iphone 傳送", "发自我的", "iphoneから送信",
];

/// What such a line ends with instead, in lower case.
#[rustfmt::skip]
pub(super) const MOBILE_ENDS: &[&str] = &[" from mobile", " gesendet"];
