# The chat in Arabic; the other pages speak English to whoever reads Arabic.

page-needs-script = تحتاج هذه الصفحة إلى JavaScript.

chat-title = محادثة
chat-open = تحدّث معنا
chat-close = إغلاق المحادثة
chat-greeting = مرحبًا! كيف يمكننا المساعدة؟
chat-hint = اكتب رسالة…
chat-send = إرسال
chat-log = الرسائل
chat-you = أنت
chat-us = نحن
chat-sending = جارٍ الإرسال…
chat-sent = أُرسلت
chat-refused = لم تُرسل
chat-slow = أبطأ قليلًا من فضلك. ستُرسل الرسالة تلقائيًا.
chat-long = هذه الرسالة طويلة جدًا. يُرجى اختصارها.
chat-again = إعادة المحاولة
chat-typing = يكتب…
chat-typing-us = نكتب إليك…
chat-waiting = سيكون أحدنا معك قريبًا
chat-active = أنت تتحدث معنا
chat-solved = أُغلق هذا الموضوع
chat-connecting = جارٍ الاتصال…
chat-offline = لا يوجد اتصال. رسائلك محفوظة وستُرسل.
chat-elsewhere = المحادثة مفتوحة في نافذة أخرى.
chat-here = المتابعة هنا
chat-closed = المحادثة غير متاحة حاليًا. يُرجى المحاولة لاحقًا.
chat-question = هل تمت تسوية موضوعك؟
chat-yes = نعم
chat-no = ليس بعد
chat-thanks = شكرًا!
chat-stars = مدى رضاك بالنجوم
chat-unread = رسائل جديدة
