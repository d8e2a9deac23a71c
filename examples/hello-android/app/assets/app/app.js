// What an over-the-air update would replace. A classic script on purpose: on file:// pages Chromium refuses modules.
;(function () {
  const release = 1
  const mark = document.getElementById('mark')
  const launches = document.getElementById('launches')
  const fromApk = location.href.startsWith('file:///android_asset/')
  let count = 0

  function show(id, text) {
    document.getElementById(id).textContent = text
  }

  show('release', `release ${release}`)
  show('source', fromApk ? 'with the app' : 'over the air')
  document.getElementById('source').classList.toggle('fresh', !fromApk)

  document.getElementById('launch').addEventListener('click', function () {
    count += 1
    launches.textContent = String(count)
    mark.classList.remove('launch')
    void mark.getBoundingClientRect() // reading the layout lets the animation start again
    mark.classList.add('launch')
  })
})()
