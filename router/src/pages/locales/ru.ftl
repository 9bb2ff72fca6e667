# The chat in Russian; the other pages speak English to whoever reads Russian.

page-needs-script = Для этой страницы нужен JavaScript.

chat-title = Чат
chat-open = Напишите нам
chat-close = Закрыть чат
chat-greeting = Здравствуйте! Чем можем помочь?
chat-hint = Напишите сообщение…
chat-send = Отправить
chat-log = Сообщения
chat-you = Вы
chat-us = Мы
chat-sending = Отправляется…
chat-sent = Отправлено
chat-refused = Не отправлено
chat-slow = Чуть медленнее, пожалуйста. Сообщение уйдёт само.
chat-long = Сообщение слишком длинное. Сократите его, пожалуйста.
chat-again = Повторить
chat-typing = пишет…
chat-typing-us = Мы пишем…
chat-waiting = Скоро вам ответят
chat-active = Вы говорите с нами
chat-solved = Этот вопрос закрыт
chat-connecting = Соединение…
chat-offline = Нет связи. Ваши сообщения сохранены и будут отправлены.
chat-elsewhere = Чат открыт в другом окне.
chat-here = Продолжить здесь
chat-closed = Чат сейчас недоступен. Попробуйте позже.
chat-question = Ваш вопрос решён?
chat-yes = Да
chat-no = Ещё нет
chat-thanks = Спасибо!
chat-stars = Насколько вы довольны, в звёздах
chat-unread = Новые сообщения
